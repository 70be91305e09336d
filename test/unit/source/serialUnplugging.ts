import { expect } from "vitest";
import type { NoiseSource } from "../../../src/port/source.ts";
import type { Emulator } from "../../support/emulator.ts";
import { openPseudoTerminals, record, sleep } from "./serialRecorder.ts";

/** It is noticed within 0.1 s on an idle machine; what is held here is that it is noticed at all. */
const NOTICED_MILLISECONDS = 5_000;

/**
 * Unplugs in every phase of a session: before the open, in it, at the first samples, in the middle.
 * Every session must end by itself, with a reason that fits, leave no descriptor behind, and the
 * device must be readable again once it is back (leetronics/infnoise#43).
 * @returns how many of the sessions had delivered samples before
 */
export async function unplugAtRandomInstants(
  emulator: Emulator,
  source: () => NoiseSource,
  times: number,
): Promise<number> {
  const before = await openPseudoTerminals();
  let read = 0;
  for (let round = 0; round < times; round++) {
    const session = record(source());
    // Spread over 0 to 12 ms: an open takes 2 to 5 ms here, and somebody's machine is slower.
    if (round % 2 === 0) await session.atLeast(1 + ((round * 7919) % 4096));
    else await sleep((round * 7919) % 12);
    await emulator.command("unplug");
    const unplugged = performance.now();
    const end = await session.ended;
    expect(performance.now() - unplugged).toBeLessThan(NOTICED_MILLISECONDS);
    expect(["unplugged", "absent"]).toContain(end.reason);
    if (session.samples().length > 0) {
      expect(end.reason).toBe("unplugged");
      read++;
    }
    await emulator.command("replug");
  }
  expect(await openPseudoTerminals()).toBe(before);
  return read;
}
