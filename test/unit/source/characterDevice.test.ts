import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
  closeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import {
  CharacterDeviceSource,
  type CharacterDeviceSourceOptions,
} from "../../../src/source/characterDevice.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { children, Collector, descriptors, enough, eventually, sleep } from "./collector.ts";

const folder = mkdtempSync(join(tmpdir(), "springhouse-device-"));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
function fifo(): string {
  const path = join(folder, `fifo-${made++}`);
  execFileSync("mkfifo", [path]);
  return path;
}

function start(path: string, more: Partial<CharacterDeviceSourceOptions> = {}) {
  const sink = new Collector();
  const controller = new AbortController();
  const source = new CharacterDeviceSource({ id: "device", clock: systemClock(), path, ...more });
  return { sink, controller, source, ended: source.run(sink, controller.signal) };
}

afterEach(async () => {
  await eventually(() => descriptors("/dev/urandom").length === 0 && children().length === 0);
});

test("/dev/urandom is asked at its rate, and its chunks are overwritten", async () => {
  const { sink, controller, ended } = start("/dev/urandom", { samplesPerSecond: 20_000 });
  const began = performance.now();
  await enough(sink, 10_000);
  expect(performance.now() - began).toBeGreaterThan(400);
  controller.abort();
  expect((await ended).reason).toBe("aborted");
  expect(new Set(sink.bytes).size).toBeGreaterThan(200);
  expect(sink.gaps).toEqual([]);
  // A read that was under way at the end is overwritten when it comes back.
  await eventually(() => sink.handed.every((chunk) => chunk.every((value) => value === 0)));
  expect(sink.opens[0]).toMatchObject({ location: "/dev/urandom", rawConfirmed: false });
});

const HWRNG = "/dev/hwrng";
const hasHwrng = existsSync(HWRNG) && readable(HWRNG);
test.skipIf(!hasHwrng)(`${HWRNG} delivers (skipped where there is none)`, async () => {
  const { sink, controller, ended } = start(HWRNG, { samplesPerSecond: 1024 });
  await enough(sink, 300);
  controller.abort();
  expect((await ended).reason).toBe("aborted");
  await eventually(() => descriptors(HWRNG).length === 0);
});

function readable(path: string): boolean {
  try {
    closeSync(openSync(path, "r"));
    return true;
  } catch {
    return false;
  }
}

test("dd reads where a driver ignores O_NONBLOCK, and goes with the session", async () => {
  const { sink, controller, ended } = start("/dev/urandom", {
    reader: "process",
    samplesPerSecond: 20_000,
  });
  await enough(sink, 5000);
  expect(children()).toHaveLength(1);
  controller.abort();
  await ended;
  expect(children()).toEqual([]);
});

test.each(["nonblocking", "process"] as const)("refusals name the cause (%s)", async (reader) => {
  const file = join(folder, `recording-${reader}`);
  writeFileSync(file, "samples");
  const cases: readonly (readonly [string, string, string])[] = [
    [join(folder, "nothing"), "absent", "ENOENT"],
    [file, "protocol", "regular file"],
    [folder, "protocol", "neither a character device nor a FIFO"],
  ];
  for (const [path, reason, word] of cases) {
    const end = await start(path, { reader }).ended;
    expect(end.reason).toBe(reason);
    expect(end.detail).toContain(word);
    expect(end.detail).toContain(path);
  }
});

test("a device that ends is unplugged", async () => {
  expect((await start("/dev/null").ended).reason).toBe("unplugged");
  expect((await start("/dev/null", { reader: "process" }).ended).reason).toBe("unplugged");
});

test("a FIFO waits for its writer, delivers all, and is unplugged when the writer goes", async () => {
  const path = fifo();
  const { sink, ended } = start(path);
  await sleep(100);
  expect([sink.opens.length, sink.total]).toEqual([1, 0]);
  const writer = spawn("sh", ["-c", 'printf "%070000d" 7 > "$1"', "sh", path]);
  const end = await ended;
  expect(end).toEqual({ reason: "unplugged", detail: `${path}: its last writer went away` });
  expect(sink.total).toBe(70_000);
  expect(sink.bytes.toString()).toBe("7".padStart(70_000, "0"));
  await eventually(() => writer.exitCode !== null);
  expect(descriptors(path)).toEqual([]);
});

test("a FIFO whose writer is killed is unplugged", async () => {
  const path = fifo();
  const { sink, ended } = start(path);
  const writer = spawn("sh", ["-c", 'exec cat /dev/zero > "$1"', "sh", path]);
  await enough(sink, 1);
  writer.kill("SIGKILL");
  expect((await ended).reason).toBe("unplugged");
});

test("a writer that is too fast is never throttled: losses are told", async () => {
  const path = fifo();
  const { sink, controller, ended } = start(path, { samplesPerSecond: 10_000 });
  const writer = spawn("sh", ["-c", 'exec cat /dev/zero > "$1"', "sh", path]);
  await sleep(1200);
  controller.abort();
  await ended;
  expect(sink.total).toBeLessThanOrEqual(80_000);
  expect(sink.gaps[0]!.lost).toBeGreaterThan(100_000);
  await eventually(() => writer.signalCode === "SIGPIPE");
});

test("a silent FIFO is left at once on an abort, with or without a writer", async () => {
  const path = fifo();
  for (const withWriter of [false, true]) {
    const { controller, ended } = start(path);
    const writer = withWriter ? openSync(path, "r+") : null;
    if (writer !== null) writeSync(writer, "x");
    await sleep(50);
    const began = performance.now();
    controller.abort();
    expect((await ended).reason).toBe("aborted");
    expect(performance.now() - began).toBeLessThan(200);
    if (writer !== null) closeSync(writer);
    await eventually(() => descriptors(path).length === 0);
  }
});

test("an abort at any instant leaves no descriptor and no timer", async () => {
  for (let round = 0; round < 40; round += 1) {
    const { controller, ended } = start("/dev/urandom");
    for (let turn = 0; turn < round % 10; turn += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    controller.abort();
    expect((await ended).reason).toBe("aborted");
  }
  await eventually(() => descriptors("/dev/urandom").length === 0);

  const clock = new FakeClock();
  const { sink, controller, ended } = start("/dev/urandom", { clock });
  for (let step = 0; step < 20; step += 1) {
    await clock.run(125);
    await sleep(2);
  }
  expect(sink.total).toBeGreaterThan(10_000);
  controller.abort();
  await ended;
  await sleep(20);
  expect(clock.pending).toBe(0);
});

test("EAGAIN is waited out without spinning", async () => {
  const clock = new FakeClock();
  let reads = 0;
  const { sink, controller, ended } = start("/dev/urandom", {
    clock,
    read: (_descriptor, _buffer, _bytes, done) => {
      reads += 1;
      done(Object.assign(new Error("again"), { code: "EAGAIN" }), 0);
    },
  });
  await eventually(() => sink.opens.length === 1);
  clock.advance(1125);
  expect(reads).toBeGreaterThan(50);
  expect(reads).toBeLessThanOrEqual(101);
  controller.abort();
  await ended;
});

test("an endless device is read in whole chunks, though time passes during the reads", async () => {
  const fake = new FakeClock();
  let passed = 0;
  const clock = {
    wallMilliseconds: () => fake.wallMilliseconds(),
    monotonicMilliseconds: () => fake.monotonicMilliseconds() + passed,
    schedule: (milliseconds: number, task: () => void) => fake.schedule(milliseconds, task),
  };
  let reads = 0;
  const { sink, controller, ended } = start("/dev/urandom", {
    clock,
    read: (_descriptor, _buffer, bytes, done) => {
      reads += 1;
      passed += 0.05;
      setImmediate(() => done(null, bytes));
    },
  });
  await eventually(() => sink.opens.length === 1);
  for (let step = 0; step < 8; step += 1) {
    await fake.run(125);
    await eventually(() => sink.total >= 8000 * (step + 1));
  }
  // 65,536 samples in chunks of 512, and one shorter chunk in each of the 8 intervals.
  expect(reads).toBeLessThanOrEqual(128 + 16);
  controller.abort();
  await ended;
});

test("EIO while it is open is an unplug", async () => {
  const clock = new FakeClock();
  const { sink, ended } = start("/dev/urandom", {
    clock,
    read: (_descriptor, _buffer, _bytes, done) =>
      done(Object.assign(new Error("gone"), { code: "EIO" }), 0),
  });
  await eventually(() => sink.opens.length === 1);
  clock.advance(125);
  expect(await ended).toEqual({
    reason: "unplugged",
    detail: "/dev/urandom cannot be read any more: EIO",
  });
});

test("a read that never returns holds neither the session nor more than one descriptor", async () => {
  const clock = new FakeClock();
  let release = (): void => {};
  const path = "/dev/urandom";
  const options = {
    id: "device",
    clock,
    path,
    read: (_d: number, _b: Uint8Array, _n: number, done: (error: null, read: number) => void) => {
      release = () => done(null, 1);
    },
  };
  const source = new CharacterDeviceSource(options);
  const sink = new Collector();
  const first = source.run(sink, new AbortController().signal);
  await eventually(() => sink.opens.length === 1);
  clock.advance(125 + 3000);
  const end = await first;
  expect(end.reason).toBe("silent");
  expect(end.detail).toContain("reader: process");
  expect((await source.run(new Collector(), new AbortController().signal)).reason).toBe("locked");
  expect(descriptors(path)).toHaveLength(1);
  release();
  await eventually(() => descriptors(path).length === 0);
  expect(sink.total).toBe(0);
  const controller = new AbortController();
  const again = new Collector();
  const second = source.run(again, controller.signal);
  await eventually(() => again.opens.length === 1);
  controller.abort();
  expect((await second).reason).toBe("aborted");
});
