import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Pacer } from "../../../src/source/pacer.ts";
import { SampleStream } from "../../../src/source/sampleStream.ts";
import { BYTES, type Framing } from "../../../src/source/symbols.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { Collector } from "./collector.ts";

function stream(more: { rate?: number; settleBytes?: number; framing?: Framing } = {}) {
  const clock = new FakeClock();
  const sink = new Collector();
  sink.opened({
    location: "test",
    vendorId: null,
    productId: null,
    serialNumber: null,
    firmware: null,
    mode: "test",
    rawConfirmed: false,
    caveats: [],
  });
  const sampleStream = new SampleStream(sink, {
    clock,
    framing: more.framing ?? BYTES,
    settleBytes: more.settleBytes ?? 0,
    maximumSamplesPerSecond: more.rate ?? Number.POSITIVE_INFINITY,
  });
  return { clock, sink, sampleStream };
}

test("a burst of one second passes whole; one sample more is dropped and told later", () => {
  const { clock, sink, sampleStream } = stream({ rate: 10_000 });
  sampleStream.push(new Uint8Array(10_000));
  expect([sink.total, sink.gaps.length]).toEqual([10_000, 0]);
  sampleStream.push(new Uint8Array(1));
  clock.advance(499);
  sampleStream.push(new Uint8Array(7));
  expect([sink.total, sink.gaps.length]).toEqual([10_000, 0]);
  clock.advance(1);
  sampleStream.push(new Uint8Array(5));
  expect(sink.total).toBe(10_005);
  expect(sink.gaps).toMatchObject([{ lost: 8, after: 10_000 }]);
});

test("a source at exactly its rate never loses a sample", () => {
  const { clock, sink, sampleStream } = stream({ rate: 10_000 });
  for (let step = 0; step < 10_000; step += 1) {
    sampleStream.push(new Uint8Array(100));
    clock.advance(10);
  }
  expect([sink.total, sink.gaps.length]).toEqual([1_000_000, 0]);
});

test("whatever comes whenever: delivered and lost are all that came, order and rate are kept", () => {
  const step = fc.record({ bytes: fc.nat({ max: 200_000 }), wait: fc.nat({ max: 3000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const { clock, sink, sampleStream } = stream({ rate: 50_000 });
      sink.keep = 0;
      let came = 0;
      for (const { bytes, wait } of steps) {
        expect(sampleStream.push(new Uint8Array(bytes))).toBeLessThanOrEqual(bytes);
        came += bytes;
        clock.advance(wait);
      }
      sampleStream.tellLoss();
      expect(sink.total + sink.gaps.reduce((sum, gap) => sum + gap.lost, 0)).toBe(came);
      expect(sink.total).toBeLessThanOrEqual(50_000 * (1 + clock.monotonicMilliseconds() / 1000));
      expect(sink.gaps.every((gap) => gap.lost > 0)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("what settles is not delivered, across pushes; what is delivered is never a Buffer", () => {
  const { sink, sampleStream } = stream({ settleBytes: 5 });
  sampleStream.push(Buffer.from([1, 2, 3]));
  sampleStream.push(Buffer.from([4, 5, 6, 7]));
  expect([...sink.bytes]).toEqual([6, 7]);
  expect(Buffer.isBuffer(sink.handed[0])).toBe(false);
});

test("longer arrays than a pipe gives are framed whole", () => {
  const framing = { bitsPerSample: 1, mapping: "bits-lsb-first" } as const;
  const { sink, sampleStream } = stream({ framing });
  expect(sampleStream.push(new Uint8Array(200_000).fill(1))).toBe(1_600_000);
  expect(sink.total).toBe(1_600_000);
});

test("the pacer gives what is due, whatever the clock's fractions", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock, 4096);
  let taken = 0;
  for (let step = 0; step < 80_000; step += 1) {
    clock.advance(0.1);
    const due = pacer.due();
    pacer.taken(due);
    taken += due;
  }
  expect(taken).toBe(32_768);
});

test("after a stall one second's worth is due, once, and the pace goes on from there", () => {
  const clock = new FakeClock();
  const pacer = new Pacer(clock, 1000);
  clock.advance(3_600_000);
  expect(pacer.due()).toBe(1000);
  pacer.taken(1000);
  expect(pacer.due()).toBe(0);
  clock.advance(500);
  expect(pacer.due()).toBe(500);
});
