import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DrillAnswer, DrillReport } from "../../src/port/drill.ts";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { type Emulator, startEmulator } from "../support/emulator.ts";
import {
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

let emulator: Emulator;
let service: Running;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-drill-"));
  emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
  service = await startSpringhouse({
    configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
`,
  });
});
afterAll(async () => {
  await service.stop();
  await emulator.close();
  await rm(folder, { recursive: true });
  await removeState(service.state);
});

const run = (...args: string[]) =>
  springhouse(["drill", ...args], {
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
  });

async function status(): Promise<ServiceSnapshot> {
  const response = await fetch(`${service.url}/v1/status`, { headers: service.authorization });
  return (await response.json()) as ServiceSnapshot;
}

test("of the running service: everything found, nothing live touched, evidence that verifies", async () => {
  const before = await status();
  const { code, stdout, stderr } = await run("--json", "-o", folder);
  expect(code, stderr).toBe(0);
  const answers = JSON.parse(stdout.toString()) as DrillAnswer[];
  expect(answers.map(({ source, report }) => [source, report?.passed])).toEqual([
    ["os", true],
    ["trng", true],
  ]);
  const trng = answers[1]!.report!;
  expect(trng.tests).toMatchObject({ minEntropyPerSample: 4, samplesPerSecond: 50_000 });
  expect(trng.source.device?.location).toBe(emulator.path);

  const after = await status();
  for (const [index, source] of after.sources.entries()) {
    expect(source.state).toBe("healthy");
    expect(source.alarms).toEqual(before.sources[index]!.alarms);
    expect(source.sinceMilliseconds).toBe(before.sources[index]!.sinceMilliseconds);
    const rct = source.tests.find((one) => one.test === "repetition_count")!;
    expect(rct.watermark).toBeLessThan(rct.cutoffIntermittent!);
  }
  expect(after.drills.map(({ source, passed }) => [source, passed])).toEqual([
    ["os", true],
    ["trng", true],
  ]);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('springhouse_drill_passed{source="trng"} 1');
  expect(metrics).toMatch(/drill_last_passed_timestamp_seconds\{source="trng"\} 1[0-9.e+]+/);

  const evidence = (await readdir(folder)).find((name) => name.startsWith("drill-trng-"))!;
  const path = join(folder, evidence);
  const vkey = join(service.state, "log.vkey");
  const verified = await springhouse(["verify", path, "--vkey", vkey]);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stdout.toString()).toMatch(/passed +true/);
  const changed = JSON.parse(await readFile(path, "utf8")) as DrillReport;
  const other = { ...changed, outcomes: changed.outcomes.slice(1) };
  await writeFile(join(folder, "other.json"), JSON.stringify(other));
  const refused = await springhouse(["verify", join(folder, "other.json"), "--vkey", vkey]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("not the one that was signed");
});

test("a source without its device: it says so and exits 1", async () => {
  await emulator.command("unplug");
  await until("the source to be absent", async () =>
    (await status()).sources.some(({ id, state }) => id === "trng" && state === "absent"),
  );
  const one = await run("--source", "trng");
  expect(one.code).toBe(1);
  expect(one.stdout.length).toBe(0);
  expect(one.stderr).toContain("trng has no device");
  const all = await run();
  expect(all.code).toBe(1);
  expect(all.stdout.toString()).toContain("source_absent");
  expect(all.stdout.toString()).toContain("every induced failure was found");
  expect(all.stderr).toContain("no device: trng");
  expect((await run("--source", "nobody")).code).toBe(1);
});

test("what was found outlives a restart", async () => {
  await emulator.command("replug");
  const { drills } = await status();
  const { state } = service;
  await service.kill();
  service = await startSpringhouse({ state });
  expect((await status()).drills).toEqual(drills);
});
