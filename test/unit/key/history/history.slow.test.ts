import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hasSofthsm, makeToken } from "../../../support/softhsm.ts";
import { hasSwtpm, startTpm } from "../../../support/swtpm.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { device } from "./device.ts";
import { runHistory, steps } from "./history.ts";
import type { Devices } from "./world.ts";

/** A soak: so many histories, which nobody has seen before. */
const SOAK = process.env["SPRINGHOUSE_HISTORIES"];

async function hold(devices: () => Devices, histories: number, length: number) {
  const done = new Map<string, number>();
  const property = fc.asyncProperty(steps(length), async (history) => {
    for (const [act, times] of await runHistory(devices(), history))
      done.set(act, (done.get(act) ?? 0) + times);
  });
  const seed = SOAK === undefined ? { seed: 20_261_127 } : {};
  await fc.assert(property, { numRuns: histories, endOnFailure: true, ...seed });
  return done;
}

test("no material is told, the log is the database, and nothing destroyed opens, in many histories", async () => {
  const done = await hold(() => ({ device: device() }), Number(SOAK ?? 8), 200);
  if (SOAK !== undefined) return;
  for (const act of [
    "crash",
    "full disk",
    "use",
    "pair",
    "key rotate",
    "key restore",
    "key destroy",
    "export ",
    "intent approve",
    "intent withdraw",
    "intent expire",
    "custodian enrol",
    "custodian remove",
    "destruction cancel",
    "destruction receipt",
    "epoch rotate",
    "slot remove",
  ])
    expect(done.get(act), act).toBeGreaterThan(0);
});

test.skipIf(!hasSofthsm)("and with a token of SoftHSM's", async () => {
  await using state = await temporaryState();
  const tokens = [await makeToken(join(dirname(state.directory), "hsm"))];
  const done = await hold(() => ({ tokens }), 2, 80);
  expect(done.get("destruction receipt")).toBeGreaterThan(0);
});

test.skipIf(!hasSwtpm)("and with a TPM", async () => {
  await using state = await temporaryState();
  const tpm = await startTpm(join(dirname(state.directory), "tpm"));
  try {
    const done = await hold(() => ({ tpms: [tpm] }), 2, 60);
    expect(done.get("destruction receipt")).toBeGreaterThan(0);
  } finally {
    await tpm.stop();
  }
});
