import { describe, expect, test } from "vitest";
import { goodnessOfFit, independence } from "../../../src/assess/iid/chiSquare.ts";
import { iidFindings } from "../../../src/assess/iid/findings.ts";
import { iidFault } from "../../../src/assess/iid/iid.ts";
import { longestRepeat } from "../../../src/assess/iid/longestRepeat.ts";
import { Shuffle } from "../../../src/assess/iid/shuffle.ts";
import {
  Order,
  populationOf,
  STATISTICS,
  type Statistics,
} from "../../../src/assess/iid/statistics.ts";
import { PlainOrder } from "../../../src/kernel/order/plainOrder.ts";
import { PERMUTATIONS, Tally } from "../../../src/assess/iid/tally.ts";
import { holdGeneratedIidSets, noise, run, SEED } from "./iid.ts";
import { hasVectors } from "./nonIid.ts";

const of = (...symbols: readonly number[]): Uint8Array => Uint8Array.from(symbols);

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test("generated sets of 20,000 samples", holdGeneratedIidSets);
});

describe("a population by hand (SP 800-90B 5.1)", () => {
  test("a median between two symbols belongs to neither", () => {
    // Ranks 0 0 1 1: median 0.5, so that rank 1 is above.
    expect(populationOf(of(10, 10, 20, 20, 30))).toMatchObject({ median: 1, upperHalfFrom: 20 });
    expect(populationOf(of(10, 10, 20, 30))).toMatchObject({ median: 0.5, upperHalfFrom: 20 });
  });

  test("two values: ones of eights, numbers of eights, and the values themselves", () => {
    // Of 3 and 200 the bits are 11110000 11110000 1.
    const symbols = of(1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1).map((bit) =>
      bit ? 200 : 3,
    );
    const population = populationOf(symbols);
    const wanted = new Set(STATISTICS.filter((name) => !/16|32|8|2/.test(name)));
    const order = new Order(new PlainOrder(), population);
    order.reset();
    const found = order.statistics(wanted, () => 7);
    expect(found).toMatchObject({
      directionalRuns: 2, // 4 4 1: + -
      periodicity1: 1,
      covariance1: 4 * 4 + 4 * 1,
      medianRuns: 5,
      averageCollision: 2, // 240 240 128
      compression: 7,
    });
    const mean = (9 * 200 + 8 * 3) / 17;
    expect(found.excursion).toBeCloseTo(4 * (200 - mean), 9);
  });
});

describe("chi-square and the longest repeat (5.2)", () => {
  test("a symbol that is often followed by itself fails independence, and noise does not", () => {
    const { symbols } = noise(20_000, 2, 3);
    expect(independence({ symbols, alphabet: 4 }).passed).toBe(true);
    const sticky = symbols.map((symbol, at) => (at % 8 === 1 ? symbols[at - 1]! : symbol));
    expect(independence({ symbols: sticky, alphabet: 4 }).passed).toBe(false);
    expect(independence({ symbols: sticky.map((one) => one & 1), alphabet: 2 }).passed).toBe(false);
  });

  test("a drift fails goodness of fit", () => {
    const { symbols } = noise(20_000, 2, 3);
    expect(goodnessOfFit({ symbols, alphabet: 4 }).passed).toBe(true);
    const drift = symbols.map((symbol, at) => (at > 15_000 && at % 5 === 0 ? 0 : symbol));
    expect(goodnessOfFit({ symbols: drift, alphabet: 4 }).passed).toBe(false);
    expect(goodnessOfFit({ symbols: drift.map((one) => +(one > 0)), alphabet: 2 }).passed).toBe(
      false,
    );
  });

  test("what is too rare for a test has a reason and no figure", () => {
    const rare = new Uint8Array(20_000);
    rare[7] = 1;
    const dataset = { symbols: rare, alphabet: 2 };
    expect(independence(dataset)).toEqual({ passed: null, notApplicable: expect.any(String) });
    expect(goodnessOfFit(dataset)).toEqual({ passed: null, notApplicable: expect.any(String) });
  });

  test("a long repeat fails", () => {
    const { symbols } = noise(20_000, 8);
    expect(longestRepeat({ symbols, alphabet: 256 }).passed).toBe(true);
    symbols.copyWithin(10_000, 0, 9);
    const { length, passed } = longestRepeat({ symbols, alphabet: 256 });
    expect([length >= 9, passed]).toEqual([true, false]);
  });
});

describe("permutations", () => {
  test("each order of three comes as often as any other", () => {
    const counts = new Map<string, number>();
    const shuffle = new Shuffle(new PlainOrder());
    for (let permutation = 0; permutation < 1500; permutation++) {
      const symbols = of(1, 2, 3);
      shuffle.apply(symbols, SEED, permutation);
      counts.set(symbols.join(""), (counts.get(symbols.join("")) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 250) ** 2 / 250, 0);
    // 5 degrees: above 25 with a chance of 0.00014; the seed is fixed.
    expect(chi).toBeLessThan(25);
  });

  test("it rests on seed and number, and keeps the symbols", () => {
    const { symbols } = noise(40_000, 8);
    const shuffled = (seed: string, permutation: number): Uint8Array => {
      const copy = symbols.slice();
      new Shuffle(new PlainOrder()).apply(copy, seed, permutation);
      return copy;
    };
    expect(shuffled(SEED, 5)).toEqual(shuffled(SEED, 5));
    expect(shuffled(SEED, 5)).not.toEqual(shuffled(SEED, 6));
    expect(shuffled(SEED, 5)).not.toEqual(shuffled("5f".repeat(32), 5));
    expect(shuffled(SEED, 5).sort()).toEqual(symbols.slice().sort());
  });

  test("a statistic passes with six on both sides, ties on both, and is counted no further", () => {
    const all = (figure: number): Statistics =>
      Object.fromEntries(STATISTICS.map((name) => [name, figure]));
    const tally = new Tally(all(10));
    const counts = (): readonly unknown[] => {
      const { c0, c1, c2, passed } = tally.results()[0]!;
      return [c0, c1, c2, passed];
    };
    for (let times = 0; times < 5; times++) tally.count(all(11), STATISTICS);
    for (let times = 0; times < 5; times++) tally.count(all(9), STATISTICS);
    expect(counts()).toEqual([5, 0, 5, null]);
    tally.count(all(10), STATISTICS);
    tally.count(all(10), STATISTICS);
    expect(counts()).toEqual([5, 1, 5, true]);
    expect(tally.open(STATISTICS)).toEqual([]);
  });

  test("it fails with the last permutation, not before", () => {
    const few: Statistics = { excursion: 1 };
    const tally = new Tally({ excursion: 5 });
    for (let times = 1; times < PERMUTATIONS; times++) tally.count(few, ["excursion"]);
    expect(tally.results()[0]!.passed).toBeNull();
    tally.count(few, ["excursion"]);
    expect(tally.results()[0]).toMatchObject({ c0: 0, c1: 0, c2: PERMUTATIONS, passed: false });
  });
});

describe("the campaign", () => {
  const samples = noise(4000, 3, 5);

  test("the same whatever the number of threads and which is faster", () => {
    const alone = run(samples, SEED).result;
    expect(alone.passed).toBe(true);
    expect(alone.assessed).toBeGreaterThan(2.5);
    let state = 7;
    const any = (under: number): number =>
      ((state = (Math.imul(state, 48_271) + 11) >>> 1) >>> 8) % Math.max(1, under);
    expect(run(samples, SEED, 2, any).result).toEqual(alone);
    expect(run(samples, SEED, 5, any).result).toEqual(alone);
    expect(run(samples, "02".repeat(32)).result.permutation).not.toEqual(alone.permutation);
  });

  test("when time runs out there is no verdict and no min-entropy", () => {
    const { result } = run(samples, SEED, 2, () => 0, 4);
    expect(result).toMatchObject({ passed: null, assessed: null });
    const findings = iidFindings(result, samples, {
      claimedEntropy: 1,
      seed: SEED,
      constants: null,
      conditioning: null,
    });
    expect(findings).toMatchObject({ minEntropy: null, passed: null });
    expect(findings.summary).toMatch(/not finished/);
  });

  test("a claim above the figure is not passed", () => {
    const { result } = run(samples, SEED);
    const of = (claimedEntropy: number) =>
      iidFindings(result, samples, {
        claimedEntropy,
        seed: SEED,
        constants: null,
        conditioning: null,
      });
    expect(of(2.99).passed).toBe(false);
    expect(of(1)).toMatchObject({ passed: true, minEntropy: 1 });
  });
});

test("samples that cannot be tested are refused with the reason", () => {
  const fault = (symbols: Uint8Array, bitsPerSymbol = 8) => iidFault({ symbols, bitsPerSymbol });
  expect(fault(new Uint8Array(5000).fill(7))).toMatch(/one value/);
  expect(fault(new Uint8Array(0))).toMatch(/one value|too few/);
  expect(fault(noise(32, 8).symbols)).toMatch(/too few.*33/);
  expect(fault(noise(33, 8).symbols)).toBeNull();
  expect(fault(noise(263, 1).symbols, 1)).toMatch(/too few.*264/);
  expect(fault(noise(264, 1).symbols, 1)).toBeNull();
  expect(fault(noise(2 ** 21 + 1, 1).symbols)).toMatch(/more than the 2097152/);
});
