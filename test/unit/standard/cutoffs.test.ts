import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  log2BinomialPoint,
  log2BinomialTail,
  smallestCutoff,
} from "../../../src/standard/binomial.ts";
import {
  adaptiveProportionCutoff,
  adaptiveProportionCutoffCorrected,
  adaptiveProportionWindow,
  bandCutoff,
  log2BandTail,
  log2ExpectedRuns,
  predictorCountCutoff,
  predictorRunCutoff,
  repetitionCountCutoff,
} from "../../../src/standard/cutoffs.ts";

interface Row {
  readonly H: number;
  readonly alpha_exp: number;
  readonly rct: number;
  readonly [column: string]: number | boolean;
}

const FILE = new URL("../../../../shared/vectors/cutoffs.json", import.meta.url);
const rows: readonly Row[] = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, "utf8")) as { rows: Row[] }).rows
  : [];

describe.skipIf(rows.length === 0)("every cell of the exact table of cutoffs", () => {
  test("the table is all there", () => {
    expect(rows.length).toBe(36);
  });

  test.each(rows)("H = $H, alpha = 2^-$alpha_exp", (row) => {
    expect(repetitionCountCutoff(row.H, row.alpha_exp)).toBe(row.rct);
    for (const window of [512, 1024]) {
      const cutoff = adaptiveProportionCutoff(row.H, window, row.alpha_exp);
      expect(cutoff).toBe(row[`apt_${window}`]);
      expect(adaptiveProportionCutoffCorrected(row.H, window, row.alpha_exp)).toBe(
        row[`apt_${window}_corrected`],
      );
      const log2 = row[`apt_${window}_exact_false_alarm_log2`] as number;
      // Relative to the probability itself, not to its logarithm.
      expect(Math.abs(log2BinomialTail(window, 2 ** -row.H, cutoff) - log2)).toBeLessThan(1e-10);
      expect(cutoff <= window).toBe(row[`apt_${window}_usable`]);
    }
  });
});

describe("SP 800-90B 4.4", () => {
  // Table 2, alpha = 2^-20.
  test.each([
    [1024, 0.2, 941],
    [1024, 0.4, 840],
    [1024, 0.6, 748],
    [1024, 0.8, 664],
    [1024, 1, 589],
    [512, 0.5, 410],
    [512, 1, 311],
    [512, 2, 177],
    [512, 4, 62],
    [512, 8, 13],
  ])("table 2: W = %d, H = %d gives %d", (window, entropy, cutoff) => {
    expect(adaptiveProportionCutoff(entropy, window, 20)).toBe(cutoff);
  });

  test("4.4.1's own example: alpha = 2^-20 and H = 2 give 11", () => {
    expect(repetitionCountCutoff(2, 20)).toBe(11);
  });

  test("H is rounded down to two decimals, and no further", () => {
    expect(repetitionCountCutoff(0.29, 40)).toBe(1 + Math.ceil(40 / 0.29));
    expect(repetitionCountCutoff(20 / 61, 20)).toBe(1 + Math.ceil(20 / 0.32));
    expect(() => repetitionCountCutoff(0.009, 40)).toThrow(RangeError);
  });

  test("the window is 1024 samples for a binary source, 512 for every other", () => {
    expect([1, 2, 8].map(adaptiveProportionWindow)).toEqual([1024, 512, 512]);
  });

  test("a cutoff that cannot be reached is above the window", () => {
    // Even 512 equal samples have probability 2^-51.2 at H = 0.1.
    expect(adaptiveProportionCutoff(0.1, 512, 60)).toBe(513);
  });
});

describe("predictor", () => {
  // jitterentropy's tables (H = 1/osr, N = 131064; its count table as corrected in 2025).
  test.each([
    [1, 22, 66444, 38],
    [3, 22, 104762, 111],
    [20, 22, 126927, 683],
    [1, 44, 66877, 60],
    [3, 44, 105109, 177],
    [20, 44, 127080, 1123],
  ])("osr %d, alpha 2^-%d: count %d, run %d", (osr, alpha, count, run) => {
    expect(predictorCountCutoff(1 / osr, 131_064, alpha)).toBe(count);
    expect(predictorRunCutoff(1 / osr, 131_064, alpha)).toBe(run);
  });

  test("the run cutoff is the first that holds alpha", () => {
    const cutoff = predictorRunCutoff(0.7, 131_064, 40);
    expect(log2ExpectedRuns(0.7, 131_064, cutoff)).toBeLessThanOrEqual(-40);
    expect(log2ExpectedRuns(0.7, 131_064, cutoff - 1)).toBeGreaterThan(-40);
    expect(log2ExpectedRuns(0.7, 10, 11)).toBe(-Infinity);
  });
});

describe("band", () => {
  test("the deviation is the first that holds alpha on both sides together", () => {
    const { deviation, least, most } = bandCutoff(1024, 0.45, 0.55, 40);
    expect([least, most]).toEqual([461, 563]);
    expect(log2BandTail(1024, 0.45, 0.55, deviation)).toBeLessThanOrEqual(-40);
    expect(log2BandTail(1024, 0.45, 0.55, deviation - 1)).toBeGreaterThan(-40);
  });
});

describe("binomial", () => {
  test.each([
    [10, 0.5],
    [24, 0.2],
    [40, 0.9],
  ])("points and tails of Bin(%d, %d) equal sums of products", (trials, p) => {
    const points = Array.from({ length: trials + 1 }, (_, k) => {
      let value = 1;
      for (let i = 1; i <= k; i += 1) value *= ((trials - k + i) / i) * p;
      return value * (1 - p) ** (trials - k);
    });
    for (let k = 0; k <= trials; k += 1) {
      const tail = points.slice(k).reduceRight((sum, value) => sum + value, 0);
      expect(2 ** log2BinomialPoint(trials, p, k) / points[k]!).toBeCloseTo(1, 11);
      expect(2 ** log2BinomialTail(trials, p, k) / tail).toBeCloseTo(1, 11);
    }
  });

  test("degenerate cases", () => {
    expect(log2BinomialTail(5, 0.5, 0)).toBe(0);
    expect(log2BinomialTail(5, 0.5, 6)).toBe(-Infinity);
    expect(log2BinomialTail(5, 0, 1)).toBe(-Infinity);
    expect(log2BinomialTail(5, 1, 5)).toBe(0);
    expect(log2BinomialPoint(5, 0.5, 5)).toBe(-5);
    expect(log2BinomialPoint(5, 0.5, 0)).toBe(-5);
    expect(log2BinomialPoint(5, 0.5, 7)).toBe(-Infinity);
    expect(smallestCutoff(40, 0.5, 40)).toBe(40);
    expect(smallestCutoff(39, 0.5, 40)).toBe(40);
    expect(() => log2BinomialTail(-1, 0.5, 1)).toThrow(RangeError);
    expect(() => log2BinomialTail(5, 1.5, 1)).toThrow(RangeError);
  });
});
