import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LineageLine } from "../../../src/port/service.ts";
import type { SourceSnapshot } from "../../../src/port/snapshot.ts";
import { emulatedNoise, startEmulator } from "../../support/emulator.ts";
import { springhouse, startSpringhouse, until } from "../../support/springhouse.ts";
import { ANY_TOKEN, testFolder } from "./servers.ts";

/** What a terminal keeps of the session before (N_TTY_BUF_SIZE). */
const SETTLE_BYTES = 4096;

/** An emulated device on a pseudo-terminal, the real service, and the command. */
async function withDevice() {
  const emulator = await startEmulator({ family: "generic", rate: 50_000, seed: 7 });
  onTestFinished(() => emulator.close());
  const service = await startSpringhouse({
    configuration: `
sources:
  - id: trng
    kind: serial-generic
    path: ${emulator.path}
    baudRate: 115200
    settleBytes: ${SETTLE_BYTES}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
`,
  });
  onTestFinished(async () => void (await service.stop()));
  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(service.url + path, { headers: service.authorization })).json()) as T;
  const trng = () => get<SourceSnapshot>("/v1/sources/trng");
  await until("a healthy device", async () => (await trng()).state === "healthy");
  const file = join(await testFolder(), "matrix.bin");
  const capture = (restarts: number, samples: number) =>
    springhouse(
      `capture trng --restart --restarts ${restarts} --samples ${samples} -o ${file}`.split(" "),
      { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state },
    );
  const draw = () =>
    fetch(`${service.url}/v1/random?bytes=65536`, { headers: service.authorization });
  return { emulator, service, get, trng, file, capture, draw };
}

test("a matrix of a device on a pseudo-terminal: whole rows, none of them in a seed", async () => {
  const { get, trng, file, capture, draw, service } = await withDevice();
  await until("a seed", async () => (await draw()).status === 200);
  const { code, stderr } = await capture(12, 12 * 200);
  expect(stderr).toContain(`${file}: 12 rows of 200 contiguous samples`);
  expect(stderr).toContain("no restart in the sense of SP 800-90B 3.1.4");
  expect(code).toBe(0);

  const matrix = await readFile(file);
  const manifest = JSON.parse(await readFile(`${file}.json`, "utf8"));
  expect(manifest).toMatchObject({
    source: "trng",
    samples: 2400,
    restart: "reopen",
    samplesPerRestart: 200,
    settleBytesPerRestart: SETTLE_BYTES,
  });
  // Every row is a piece of what the device sent, behind the one before it and what had to settle.
  const sent = Buffer.from(emulatedNoise(7, 0, 4_000_000));
  let end = -SETTLE_BYTES;
  for (let row = 0; row < 12; row++) {
    const at = sent.indexOf(matrix.subarray(row * 200, (row + 1) * 200));
    expect(at, `row ${row}`).toBeGreaterThanOrEqual(end + SETTLE_BYTES);
    end = at + 200;
  }

  // It comes back by itself, and what seeds then hold is from before or after.
  await until("a healthy device", async () => (await trng()).state === "healthy");
  const { firstSequence } = manifest as { firstSequence: number };
  let after = 0;
  let before = 0;
  await until("a seed of fresh samples", async () => {
    await draw();
    const answer = await fetch(`${service.url}/v1/lineage?from=0`, {
      headers: service.authorization,
    });
    const lines = (await answer.text()).trimEnd().split("\n");
    const windows = lines
      .map((line) => JSON.parse(line) as LineageLine)
      .filter((line) => line.record === "window")
      .filter((window) => window.source === "trng");
    for (const window of windows)
      expect(
        window.lastSequence < firstSequence || window.firstSequence >= firstSequence + 2400,
      ).toBe(true);
    before = windows.filter((window) => window.lastSequence < firstSequence).length;
    after = windows.length - before;
    return after > 0;
  });
  expect(before).toBeGreaterThan(0);

  const { events } = await get<{ events: { kind: string; actor: string; data: object }[] }>(
    "/v1/events?limit=1000",
  );
  const acts = events.filter(({ kind }) => /^(source_restarted|tap_)/.test(kind));
  expect(acts.map(({ kind }) => kind)).toEqual(["source_restarted", "tap_opened", "tap_closed"]);
  expect(acts.every(({ actor }) => actor !== null)).toBe(true);
}, 60_000);

test("a device that is pulled out meanwhile: exit 1, and no file", async () => {
  const { emulator, capture, file, get } = await withDevice();
  const running = capture(1000, 1_000_000);
  await until("rows", async () => {
    const now = await stat(`${file}.partial`).catch(() => null);
    return now !== null && now.size >= 2000;
  });
  await emulator.command("unplug");
  const { code, stderr } = await running;
  expect(code).toBe(1);
  expect(stderr).toMatch(/cut short after \d+ bytes/);
  expect(await readdir(join(file, ".."))).toEqual([]);
  const { events } = await get<{ events: { kind: string }[] }>("/v1/events?limit=1000");
  expect(events.filter(({ kind }) => kind === "tap_closed")).toHaveLength(1);
}, 60_000);

describe("wrong usage is exit 2, before anything is asked", () => {
  const refused = async (args: string, said: RegExp): Promise<void> => {
    const { code, stderr } = await springhouse(
      `capture trng -o /nowhere/matrix.bin ${args}`.split(" "),
      { ...ANY_TOKEN, SPRINGHOUSE_URL: "http://127.0.0.1:9" },
    );
    expect(stderr).toMatch(said);
    expect(code).toBe(2);
  };

  test("samples that are no whole rows", async () => {
    await refused("--samples 1001 --restart", /no whole number of rows[^]*--samples 1000000/);
    await refused("--samples 10 --restart --restarts 3", /no whole number of rows/);
  });

  test("rows without restarts", () => refused("--samples 10 --restarts 2", /goes with it/));
});
