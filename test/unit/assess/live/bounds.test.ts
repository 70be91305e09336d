import { describe, expect, test } from "vitest";
import {
  lowerProportion,
  markovUpper,
  predictionUpper,
  valueUpper,
} from "../../../../src/assess/live/bounds.ts";
import { smallestCutoff } from "../../../../src/standard/binomial.ts";

const CLAIMS = [0.01, 0.5, 1, 2.5, 4, 7.9, 8];
const LOG2_ALPHA = -32;

/** The fewest right predictions that refute a claim H: what the bounds must agree with at C and C - 1. */
describe.each(CLAIMS)("at a claim of %s bits", (claim) => {
  const trials = 65_534;
  const p = 2 ** -claim;

  test("the count that has a chance of alpha refutes it, and one less does not", () => {
    const cutoff = smallestCutoff(trials, p, -LOG2_ALPHA + 1);
    const upper = (correct: number): number =>
      predictionUpper({ tried: trials, correct, longestRun: 0 }, 8, LOG2_ALPHA);
    expect(upper(cutoff)).toBeLessThan(claim);
    expect(upper(cutoff - 1)).toBeGreaterThanOrEqual(claim);
  });

  test("the most common value is held to alpha over all values", () => {
    const cutoff = smallestCutoff(trials, p, -LOG2_ALPHA + 8);
    expect(valueUpper(trials, cutoff, 8, LOG2_ALPHA)).toBeLessThan(claim);
    expect(valueUpper(trials, cutoff - 1, 8, LOG2_ALPHA)).toBeGreaterThanOrEqual(claim);
  });

  test("a run that has a chance of alpha refutes it, and one shorter does not", () => {
    const run = Math.ceil((Math.log2(trials) - LOG2_ALPHA + 1) / claim + 1e-9);
    const upper = (longestRun: number): number =>
      predictionUpper({ tried: trials, correct: longestRun, longestRun }, 8, LOG2_ALPHA);
    expect(upper(run)).toBeLessThan(claim);
    if (claim >= 1) expect(upper(run - 1)).toBeGreaterThanOrEqual(claim);
  });
});

test("nothing right says nothing: the bound is the width", () => {
  expect(lowerProportion(1000, 0, LOG2_ALPHA)).toBe(0);
  expect(predictionUpper({ tried: 1000, correct: 0, longestRun: 0 }, 8, LOG2_ALPHA)).toBe(8);
});

test("the lower end grows with the count and falls with the confidence", () => {
  const ends = [100, 200, 500, 999, 1000].map((count) => lowerProportion(1000, count, -20));
  expect(ends).toEqual(ends.toSorted((one, other) => one - other));
  expect(lowerProportion(1000, 500, -40)).toBeLessThan(lowerProportion(1000, 500, -20));
  // All of 1000: p^1000 = 2^-20.
  expect(lowerProportion(1000, 1000, -20)).toBeCloseTo(2 ** (-20 / 1000), 12);
});

describe("Markov", () => {
  const counts = (same: number, length: number) => ({
    pairs: [same, length - same, length - same, same] as [number, number, number, number],
    zeros: length,
    ones: length,
  });

  test("a chain that stays with 0.9 is between what was seen and a little more", () => {
    const upper = markovUpper(counts(27_000, 30_000), LOG2_ALPHA);
    expect(upper).toBeGreaterThan(-Math.log2(0.9));
    expect(upper).toBeLessThan(-Math.log2(0.875));
  });

  test("one that alternates is found by its two transitions together", () => {
    expect(markovUpper(counts(3000, 30_000), LOG2_ALPHA)).toBeLessThan(-Math.log2(0.875));
  });

  test("fair bits are at most 1 and above the claim of 1 by nothing", () => {
    expect(markovUpper(counts(15_000, 30_000), LOG2_ALPHA)).toBe(1);
  });

  test("every transition is held to alpha over the values that its visits can have", () => {
    // 30,000 visits to each bit. A path is one first bit, which is held more loosely, and 127 transitions.
    const cutoff = smallestCutoff(30_000, 0.5, -LOG2_ALPHA + Math.log2(6 * 60_000));
    expect(markovUpper(counts(cutoff + 10, 30_000), LOG2_ALPHA)).toBeLessThan(1);
    expect(markovUpper(counts(cutoff - 1, 30_000), LOG2_ALPHA)).toBe(1);
  });
});
