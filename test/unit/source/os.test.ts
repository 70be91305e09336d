import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { OsSource, type RandomFill } from "../../../src/source/os.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { Collector, enough } from "./collector.ts";

/** Counts up, so that every sample is known. */
function counting(): RandomFill {
  let next = 0;
  return (buffer, done) => {
    for (let index = 0; index < buffer.length; index += 1) buffer[index] = next++ & 0xff;
    done(null);
  };
}

test("2048 samples come at the open, then 4096 a second, consecutive, in chunks", async () => {
  const clock = new FakeClock();
  const source = new OsSource({ id: "os", clock, fill: counting() });
  const sink = new Collector();
  const controller = new AbortController();
  const ended = source.run(sink, controller.signal);
  expect(sink.total).toBe(2048);
  clock.advance(249);
  expect(sink.total).toBe(2048);
  clock.advance(1);
  expect(sink.total).toBe(2048 + 1024);
  clock.advance(10_000 - 250);
  expect(sink.total).toBe(2048 + 40_960);
  expect(sink.bytes.every((value, index) => value === (index & 0xff))).toBe(true);
  controller.abort();
  expect((await ended).reason).toBe("aborted");
  expect(clock.pending).toBe(0);
  clock.advance(10_000);
  expect(sink.total).toBe(2048 + 40_960);
});

test("chunks are overwritten after the call", () => {
  const clock = new FakeClock();
  const sink = new Collector();
  const source = new OsSource({ id: "os", clock, fill: counting() });
  void source.run(sink, AbortSignal.timeout(60_000));
  clock.advance(1000);
  expect(sink.handed.length).toBeGreaterThan(3);
  expect(sink.handed.every((chunk) => chunk.every((value) => value === 0))).toBe(true);
});

test("one sample a second, and no burst after an hour's stall", () => {
  const clock = new FakeClock();
  const sink = new Collector();
  const source = new OsSource({ id: "os", clock, samplesPerSecond: 1, fill: counting() });
  void source.run(sink, AbortSignal.timeout(60_000));
  clock.advance(5000);
  expect(sink.total).toBe(2048 + 5);

  const fast = new Collector();
  const stalled = new FakeClock();
  // The clock shows an hour more when the first timer fires, as after a suspend.
  const jumping = {
    wallMilliseconds: () => stalled.wallMilliseconds(),
    monotonicMilliseconds: () => stalled.monotonicMilliseconds() + jump,
    schedule: (milliseconds: number, task: () => void) => stalled.schedule(milliseconds, task),
  };
  let jump = 0;
  void new OsSource({ id: "os", clock: jumping, fill: counting() }).run(
    fast,
    AbortSignal.timeout(60_000),
  );
  jump = 3_600_000;
  stalled.advance(250);
  expect(fast.total).toBe(2048 + 4096);
});

test("an OS RNG that fails ends the session, and a sink that throws is a bug", async () => {
  const failing: RandomFill = (_, done) => done(Object.assign(new Error("no"), { code: "EIO" }));
  const clock = new FakeClock();
  const failed = new OsSource({ id: "os", clock, fill: failing });
  expect(await failed.run(new Collector(), new AbortController().signal)).toEqual({
    reason: "absent",
    detail: "the OS RNG failed: EIO",
  });
  const sink = new Collector();
  sink.onSamples = () => {
    throw new Error("a bug of the consumer");
  };
  const source = new OsSource({ id: "os", clock, fill: counting() });
  await expect(source.run(sink, new AbortController().signal)).rejects.toThrow("a bug");
  expect(clock.pending).toBe(0);
});

test("a signal that has fired already opens nothing", async () => {
  const sink = new Collector();
  const source = new OsSource({ id: "os", clock: new FakeClock() });
  expect((await source.run(sink, AbortSignal.abort())).reason).toBe("aborted");
  expect(sink.opens).toEqual([]);
});

test("the real one delivers at once, is not credited, and is not constant", async () => {
  const sink = new Collector();
  const controller = new AbortController();
  const source = new OsSource({ id: "os", clock: systemClock() });
  const ended = source.run(sink, controller.signal);
  await enough(sink, 2048);
  controller.abort();
  await ended;
  expect(new Set(sink.bytes).size).toBeGreaterThan(200);
  expect(sink.opens[0]).toMatchObject({ rawConfirmed: false });
  expect(sink.opens[0]!.caveats).not.toEqual([]);
  expect([source.physical, source.bitsPerSample]).toEqual([false, 8]);
});

test("a rate that is not one is refused", () => {
  for (const samplesPerSecond of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const source = new OsSource({ id: "os", clock: new FakeClock(), samplesPerSecond });
    expect(() => source.run(new Collector(), AbortSignal.abort())).toThrow(RangeError);
  }
});
