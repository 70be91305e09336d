import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { ProgramSource, type ProgramSourceOptions } from "../../../src/source/program.ts";
import { alive, children, Collector, enough, eventually, sleep } from "./collector.ts";

const folder = mkdtempSync(join(tmpdir(), "springhouse-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

afterEach(async () => {
  await eventually(() => children().length === 0);
});

function start(command: readonly string[], more: Partial<ProgramSourceOptions> = {}) {
  const sink = new Collector();
  const controller = new AbortController();
  const source = new ProgramSource({ id: "program", clock: systemClock(), command, ...more });
  return { sink, controller, source, ended: source.run(sink, controller.signal) };
}

const node = (script: string): readonly string[] => [process.execPath, "-e", script];

test("stdout is delivered whole and in order, and the exit code ends the session", async () => {
  const script = `process.stdout.write(Buffer.from(Array.from({ length: 100000 }, (_, i) => i & 255)),
    () => process.exit(3))`;
  const { sink, ended } = start(node(script));
  expect(await ended).toEqual({
    reason: "exited",
    detail: `${process.execPath} ended with exit code 3`,
  });
  expect(sink.total).toBe(100_000);
  expect(sink.bytes.every((value, index) => value === (index & 255))).toBe(true);
  expect(sink.handed.every((chunk) => chunk.every((value) => value === 0))).toBe(true);
  expect(sink.opens[0]).toMatchObject({ location: process.execPath, rawConfirmed: false });
});

test("the operator's word makes it raw, with its evidence", async () => {
  const { sink, ended } = start(["echo", "x"], { vouched: { evidence: "report 17" } });
  await ended;
  expect(sink.opens[0]!.rawConfirmed).toBe(true);
  expect(sink.opens[0]!.caveats.join()).toContain("report 17");
});

test("the framing and the bytes that settle are applied", async () => {
  const { sink, ended, source } = start(["printf", "\\300\\012"], {
    framing: { bitsPerSample: 2, mapping: "bits-msb-first" },
    settleBytes: 1,
  });
  await ended;
  expect([...sink.bytes]).toEqual([0, 0, 2, 2]);
  expect(source.bitsPerSample).toBe(2);
});

test("a program that is not there, or may not be run", async () => {
  expect(await start(["/nonexistent/trng"]).ended).toEqual({
    reason: "absent",
    detail: "/nonexistent/trng cannot be opened: ENOENT",
  });
  const file = join(folder, "no-right-to-run");
  writeFileSync(file, "#!/bin/sh\n", { mode: 0o600 });
  expect((await start([file]).ended).reason).toBe("permission");
  expect(() => start([])).toThrow(RangeError);
  expect(() => start(["a", "b\0c"])).toThrow(RangeError);
});

test("the end's detail has the last lines of stderr, without control characters, bounded", async () => {
  const script = `console.error("x".repeat(100000)); console.error("\\x1b[31mno \\x07device\\x1b[0m");
    console.error("\\u202e\\u0000give up"); process.exit(1)`;
  const { detail } = await start(node(script)).ended;
  expect(detail).toMatch(/ended with exit code 1; its last words: .*x \| no device \| .*give up$/);
  expect(detail).toMatch(/^[\x20-\x7e]*$/);
  expect(detail.length).toBeLessThan(1000);
});

test("a killed program says by which signal", async () => {
  const { detail } = await start(["sh", "-c", "kill -SEGV $$"]).ended;
  expect(detail).toContain("was killed by SIGSEGV");
});

test("no shell sees the arguments, and no environment of ours goes along", async () => {
  process.env.SPRINGHOUSE_TOKEN = "planted";
  const { sink, ended } = start(["env"], { environment: { EXTRA: "$(id) `id` ; id" } });
  await ended;
  delete process.env.SPRINGHOUSE_TOKEN;
  const text = sink.bytes.toString();
  expect(text).not.toContain("planted");
  expect(text).toContain("EXTRA=$(id) `id` ; id\n");
});

test("a program that ignores SIGTERM is gone within a second, with all that it started", async () => {
  const command = ["sh", "-c", "trap '' TERM; sleep 1000 & while :; do echo x; sleep 0.01; done"];
  const { sink, controller, ended } = start(command);
  await enough(sink, 2);
  const began = performance.now();
  controller.abort();
  expect((await ended).reason).toBe("aborted");
  expect(performance.now() - began).toBeLessThan(1000);
  expect(children()).toEqual([]);
});

test("what a program leaves behind in its group goes with it, and does not hold the session", async () => {
  const began = performance.now();
  const { sink, ended } = start(["sh", "-c", "sleep 1000 & echo $!"]);
  expect((await ended).detail).toContain("exit code 0");
  expect(performance.now() - began).toBeLessThan(5000);
  const left = Number(sink.bytes.toString());
  expect(left).toBeGreaterThan(1);
  await eventually(() => !alive(left));
});

test("a descendant that left the group and holds the pipe does not hold the session", async () => {
  const { sink, ended } = start(["sh", "-c", "setsid sleep 30 & echo $!"]);
  const end = await ended;
  expect(end.reason).toBe("exited");
  process.kill(Number(sink.bytes.toString()), "SIGKILL");
});

test.each([["yes"], ["cat", "/dev/zero"]])(
  "%s at full speed: held at its rate, every loss told, memory bounded",
  async (...command) => {
    const { sink, controller, ended } = start(command, { maximumSamplesPerSecond: 100_000 });
    sink.keep = 0;
    const before = process.memoryUsage().rss;
    await sleep(1500);
    controller.abort();
    await ended;
    // A burst of one second and what 1.5 s allow: far below the gigabytes that came.
    expect(sink.total).toBeGreaterThanOrEqual(100_000);
    expect(sink.total).toBeLessThanOrEqual(300_000);
    expect(sink.gaps.length).toBeGreaterThan(0);
    expect(sink.gaps.length).toBeLessThan(10);
    expect(sink.gaps[0]!.lost).toBeGreaterThan(1_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  },
);

test("samples and losses together are exactly what the program wrote", async () => {
  // 300,000 bytes at once against a burst of 10,000; then, after a second, one last line.
  const script = `process.stdout.write(Buffer.alloc(300000, 65), () =>
    setTimeout(() => process.stdout.write("B"), 1200))`;
  const { sink, ended } = start(node(script), { maximumSamplesPerSecond: 10_000 });
  await ended;
  expect(sink.gaps).toHaveLength(1);
  expect(sink.total + sink.gaps[0]!.lost).toBe(300_001);
  expect(sink.gaps[0]!.after).toBe(sink.total - 1);
  expect(sink.bytes.at(-1)).toBe(66);
});

test("a loss at the very end is told too", async () => {
  const script = "process.stdout.write(Buffer.alloc(50000, 65))";
  const { sink, ended } = start(node(script), { maximumSamplesPerSecond: 5000 });
  await ended;
  expect(sink.total).toBeLessThan(50_000);
  expect(sink.gaps.reduce((sum, gap) => sum + gap.lost, sink.total)).toBe(50_000);
});

test("an abort at any instant resolves within a second and leaves no child", async () => {
  for (let round = 0; round < 25; round += 1) {
    const { controller, ended } = start(["sh", "-c", "while :; do echo x; done"]);
    await sleep(round * 2);
    const began = performance.now();
    controller.abort();
    expect((await ended).reason).toBe("aborted");
    expect(performance.now() - began).toBeLessThan(1000);
    expect(children()).toEqual([]);
  }
});
