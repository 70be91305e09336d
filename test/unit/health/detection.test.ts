import { describe, expect, test } from "vitest";
import { AdaptiveProportion } from "../../../src/health/adaptiveProportion.ts";
import { Band } from "../../../src/health/band.ts";
import { BlockRepetition } from "../../../src/health/blockRepetition.ts";
import type { HealthTest } from "../../../src/health/healthTest.ts";
import { LagPredictor } from "../../../src/health/lagPredictor.ts";
import { RepetitionCount } from "../../../src/health/repetitionCount.ts";
import { log2BinomialTail } from "../../../src/standard/binomial.ts";
import { adaptiveProportionCutoff } from "../../../src/standard/cutoffs.ts";
import { concatenate, noise } from "./noise.ts";

function alarmsOf(test: HealthTest, symbols: Uint8Array): number[] {
  const found: number[] = [];
  for (let from = 0; from < symbols.length;) {
    const at = test.push(symbols, from, symbols.length);
    if (at < 0) break;
    found.push(at);
    from = at + 1;
  }
  return found;
}

/** Uniform numbers in [0, 1) from 24 bits of seeded noise each. */
function uniform(count: number, seed: number): Float64Array {
  const bytes = noise(3 * count, 8, seed);
  return Float64Array.from(
    { length: count },
    (_, i) => (bytes[3 * i]! * 65_536 + bytes[3 * i + 1]! * 256 + bytes[3 * i + 2]!) / 2 ** 24,
  );
}

describe("what developer-defined tests must find, SP 800-90B 4.5, our default alphas", () => {
  test.each([0.1, 0.25, 0.5, 1, 2, 4, 8])(
    "H = %d: a value more than ceil(100/H) times in a row",
    (entropy) => {
      const bits = entropy > 1 ? 8 : 1;
      const run = Math.ceil(100 / entropy) + 1;
      const symbols = concatenate(noise(500, bits), new Uint8Array(run).fill(1), noise(500, bits));
      const test = new RepetitionCount(entropy, 40, 60);
      alarmsOf(test, symbols);
      // The permanent cutoff at that: 1 + ceil(60/H) <= ceil(100/H).
      expect(test.gauges[0].severity(test.finding.observed)).toBe("permanent");
    },
  );

  test.each([0.5, 1, 2, 4])("H = %d: some value's probability rises to 2^(-H/2)", (entropy) => {
    // Within 50,000 samples with probability at least 1/2. The first sample of a window is the
    // value with probability p*, and then the rest has to reach the cutoff.
    const window = entropy > 1 ? 512 : 1024;
    const cutoff = adaptiveProportionCutoff(entropy, window, 40);
    const p = 2 ** (-entropy / 2);
    const perWindow = p * 2 ** log2BinomialTail(window - 1, p, cutoff - 1);
    expect(1 - (1 - perWindow) ** Math.floor(50_000 / window)).toBeGreaterThan(0.5);
    const values = uniform(50_000, 3);
    const symbols = noise(50_000, 8, 4).map((symbol, i) =>
      values[i]! < p ? 1 : entropy > 1 ? (symbol & 254) ^ 128 : 0,
    );
    const test = new AdaptiveProportion(entropy, window, 40, 60);
    expect(alarmsOf(test, symbols).length).toBeGreaterThan(0);
  });
});

describe("periods that RCT and APT pass", () => {
  test.each([3, 4, 5, 6, 7, 8])("period %d: the lag predictor finds it", (period) => {
    const symbols = Uint8Array.from({ length: 20_000 }, (_, i) => 10 * (i % period));
    const entropy = 1;
    expect(alarmsOf(new RepetitionCount(entropy, 40, 60), symbols)).toEqual([]);
    expect(alarmsOf(new AdaptiveProportion(entropy, 512, 40, 60), symbols)).toEqual([]);
    const lag = new LagPredictor(entropy, 40, 60);
    // Intermittent at the local cutoff of 57 - 1 + 1 right guesses, permanent 20 later.
    expect(alarmsOf(lag, symbols).slice(0, 2)).toEqual([8 + 56, 8 + 76]);
  });

  test("longer periods: the block repetition finds them", () => {
    for (const period of [9, 100, 512, 4000]) {
      const once = noise(period, 8, period);
      const symbols = Uint8Array.from({ length: 40_000 }, (_, i) => once[i % period]!);
      expect(alarmsOf(new RepetitionCount(4, 40, 60), symbols)).toEqual([]);
      expect(alarmsOf(new BlockRepetition(8, 4, 40), symbols).length).toBeGreaterThan(1);
    }
  });

  test("half predictable: right guesses in the window, without a run", () => {
    // Two samples of three are new, the third repeats that of three ago: 1/3 right at H = 4.
    const symbols = noise(20_000, 8, 5);
    for (let i = 3; i < symbols.length; i += 3) symbols[i] = symbols[i - 3]!;
    for (let i = 0; i < symbols.length; i += 300) symbols[i] = i / 300;
    for (let i = 3; i < symbols.length; i += 3) if (i % 300) symbols[i] = symbols[i - 3]!;
    expect(alarmsOf(new RepetitionCount(4, 40, 60), symbols)).toEqual([]);
    const lag = new LagPredictor(4, 40, 60, 16_384);
    const [first] = alarmsOf(lag, symbols);
    const count = lag.gauges[1];
    expect(first).toBeGreaterThan(count.cutoffIntermittent * 2);
    expect(lag.finding.gauge).toBe(count);
  });
});

/** As the docstring of LagPredictor tells it, one sample at a time and without its economies. */
function naiveLag(symbols: Uint8Array, window: number) {
  const runs: number[] = [];
  const counts: number[] = [];
  let [run, count] = [0, 0];
  let scores = Array.from({ length: 8 }, () => 0);
  symbols.forEach((symbol, i) => {
    const start = i - (i % window);
    if (i === start) {
      [run, count] = [0, 0];
      scores = scores.map(() => 0);
    }
    if (i - start >= 8) {
      const best = scores.indexOf(Math.max(...scores)) + 1;
      const right = symbols[i - best] === symbol;
      run = right ? run + 1 : 0;
      if (right) count += 1;
      scores = scores.map((score, lag) => score + (symbols[i - 1 - lag] === symbol ? 1 : 0));
    }
    runs.push(run);
    counts.push(count);
  });
  return { runs, counts };
}

test.each([1, 2, 3])("the lag predictor counts as a naive one does, %d-bit noise", (bits) => {
  const symbols = concatenate(noise(3000, bits, 6), [0, 1, 0, 1, 0, 1, 0, 1], noise(5000, bits, 7));
  const window = 1024;
  const lag = new LagPredictor(0.2, 60, 80, window);
  const { runs, counts } = naiveLag(symbols, window);
  let [longest, most] = [0, 0];
  symbols.forEach((_, i) => {
    expect(lag.push(symbols, i, i + 1)).toBe(-1);
    longest = Math.max(longest, runs[i]!);
    most = Math.max(most, counts[i]!);
    expect(lag.gauges.map((gauge) => gauge.snapshot(1).watermark)).toEqual([longest, most]);
  });
});

test.each([1, 2])(
  "the count's alarm is at the very sample, C - 1 is none, %d-bit noise",
  (bits) => {
    const symbols = noise(4096, bits, 8);
    const lag = new LagPredictor(bits * 1.3, 20, 200, 4096); // claims more than there is
    const [, count] = lag.gauges;
    const { counts, runs } = naiveLag(symbols, 4096);
    const at = counts.indexOf(count.cutoffIntermittent);
    expect(Math.max(...runs.slice(0, at))).toBeLessThan(lag.gauges[0].cutoffIntermittent);
    expect(lag.push(symbols, 0, at)).toBe(-1);
    expect(lag.push(symbols, at, at + 1)).toBe(at);
    expect(lag.finding).toEqual({ gauge: count, observed: count.cutoffIntermittent });
  },
);

describe("false alarms come as often as computed", () => {
  const SAMPLES = 1 << 21;
  const ALPHA = 10;

  /*
   * Alarms are rare and nearly independent, so their number is about Poisson: five standard
   * deviations are exceeded by chance once in a million, and the seed is fixed besides.
   */
  function deviation(test: HealthTest, symbols: Uint8Array): number {
    const found = new Map(test.gauges.map((gauge) => [gauge.test, 0]));
    for (let from = 0; from < symbols.length;) {
      const at = test.push(symbols, from, symbols.length);
      if (at < 0) break;
      const { gauge, observed } = test.finding;
      if (observed === gauge.cutoffIntermittent) {
        found.set(gauge.test, found.get(gauge.test)! + 1);
      }
      from = at + 1;
    }
    return Math.max(
      ...test.gauges.map((gauge) => {
        const expected = gauge.expectedAlarmsPerDay(symbols.length / 86_400);
        if (expected < 2) throw new Error("too few alarms to compare");
        return Math.abs(found.get(gauge.test)! - expected) / Math.sqrt(expected);
      }),
    );
  }

  test.each([1, 2, 4])("repetition count and adaptive proportion, %d bits", (bits) => {
    const symbols = noise(SAMPLES, bits, 9);
    expect(deviation(new RepetitionCount(bits, ALPHA, 60), symbols)).toBeLessThan(5);
    expect(deviation(new AdaptiveProportion(bits, 64, 6, 60), symbols)).toBeLessThan(5);
  });

  test("a biased bit, H = 0.5", () => {
    const p = 2 ** -0.5;
    const symbols = Uint8Array.from(uniform(SAMPLES, 10), (u) => (u < p ? 1 : 0));
    expect(deviation(new RepetitionCount(0.5, ALPHA, 60), symbols)).toBeLessThan(5);
    expect(deviation(new AdaptiveProportion(0.5, 1024, 6, 60), symbols)).toBeLessThan(5);
  });

  test.each([1, 2, 4])("lag predictor, %d bits", (bits) => {
    expect(deviation(new LagPredictor(bits, 4, 60, 1024), noise(SAMPLES, bits, 11))).toBeLessThan(
      5,
    );
  });

  test("block repetition: blocks of 512 samples never meet by chance", () => {
    expect(alarmsOf(new BlockRepetition(1, 1, 40), noise(SAMPLES, 1, 12))).toEqual([]);
  });

  test("band: as often as computed at both its edges, where they are one", () => {
    const edge = { lower: 0.5, upper: 0.5, windowSamples: 256 };
    const test = new Band({ ...edge, statistic: "ones_proportion" }, 6, 60);
    const symbols = noise(SAMPLES, 1, 13);
    const expected = test.gauges[0].expectedAlarmsPerDay(SAMPLES / 86_400);
    const found = alarmsOf(test, symbols).length;
    expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
});
