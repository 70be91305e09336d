import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ais31, ais31Campaign, runAis31Task } from "../../../src/assess/ais31/ais31.ts";
import { ais31v3, ais31v3Campaign } from "../../../src/assess/ais31/ais31v3.ts";
import {
  basicTests,
  FIPS_140_1,
  isAutocorrelationPassed,
  isPokerPassed,
} from "../../../src/assess/ais31/basicTests.ts";
import { disjointness } from "../../../src/assess/ais31/disjointness.ts";
import { neededSymbolsA, placeOf } from "../../../src/assess/ais31/procedureA.ts";
import { homogeneity, LEAST_BITS_B, procedureB } from "../../../src/assess/ais31/procedureB.ts";
import { verdictOf } from "../../../src/assess/ais31/rounds.ts";
import { isMonobitPassed, isRunsPassed } from "../../../src/assess/fips140/block.ts";
import { bitsOf } from "../../../src/assess/samples.ts";

/** AES in counter mode: the same bytes in every run. */
function noise(bytes: number): Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 3), Buffer.alloc(16));
  return new Uint8Array(cipher.update(Buffer.alloc(bytes)));
}
const bits = (count: number) => bitsOf({ symbols: noise(count / 8), bitsPerSymbol: 8 });

describe("limits", () => {
  test("T1, T2 and T5 pass strictly between theirs", () => {
    const monobit = (ones: number) => isMonobitPassed(ones, FIPS_140_1);
    expect([9654, 9655, 10_345, 10_346].map(monobit)).toEqual([false, true, true, false]);
    expect([1.03, 1.0301, 57.3999, 57.4].map(isPokerPassed)).toEqual([false, true, true, false]);
    const correlated = [2326, 2327, 2673, 2674].map(isAutocorrelationPassed);
    expect(correlated).toEqual([false, true, true, false]);
  });

  test("T3 passes at both ends", () => {
    const middle = [2500, 1250, 625, 312, 156, 156];
    for (const [length, [low, high]] of FIPS_140_1.runs.entries()) {
      const withCount = (count: number) => isRunsPassed(middle.with(length, count), FIPS_140_1);
      expect([low - 1, low, high, high + 1].map(withCount)).toEqual([false, true, true, false]);
    }
  });

  test("T4 fails from 34 equal bits on", () => {
    const withRun = (length: number) => {
      const sequence = bits(20_000);
      sequence[499] = 0;
      sequence.fill(1, 500, 500 + length);
      sequence[500 + length] = 0;
      return basicTests(sequence);
    };
    expect(withRun(33)).toMatchObject({ longestRun: 33, failed: [] });
    expect(withRun(34)).toMatchObject({ longestRun: 34, failed: ["T4"] });
  });
});

describe("T5", () => {
  /** As the standard has it, bit by bit. */
  function naive(sequence: Uint8Array) {
    const unequalAt = (from: number, shift: number): number => {
      let unequal = 0;
      for (let at = from; at < from + 5000; at++) unequal += sequence[at]! ^ sequence[at + shift]!;
      return unequal;
    };
    const all = Array.from({ length: 5000 }, (_, index) => unequalAt(0, index + 1));
    const far = all.map((unequal) => Math.abs(unequal - 2500));
    const shift = far.indexOf(Math.max(...far)) + 1;
    return { shift, unequalFirstHalf: all[shift - 1]!, unequal: unequalAt(10_000, shift) };
  }

  test("by words it is the same as bit by bit", () => {
    const all = bits(60_000);
    for (const at of [0, 20_000, 40_000]) {
      const sequence = all.slice(at, at + 20_000);
      expect(basicTests(sequence)).toMatchObject(naive(sequence));
    }
  });

  test.each([1, 1237, 5000])("an echo is found at its shift, %i", (shift) => {
    const sequence = bits(20_000);
    const flips = noise(40_000).subarray(20_000);
    // Not quite an echo, so that no multiple of the shift is as good.
    for (let at = shift; at < 20_000; at++)
      sequence[at] = sequence[at - shift]! ^ (flips[at]! < 16 ? 1 : 0);
    const result = basicTests(sequence);
    expect(result).toMatchObject(naive(sequence));
    expect(result.shift).toBe(shift);
    expect(result.failed).toContain("T5");
  });

  test("of several shifts the shortest counts", () => {
    const sequence = bits(20_000);
    for (let at = 1237; at < 20_000; at++) sequence[at] = sequence[at - 1237]!;
    expect(basicTests(sequence)).toMatchObject({ shift: 1237, unequal: 0, unequalFirstHalf: 0 });
  });
});

test("T0 tells two equal words among 65,536, and takes the first 48 bits of each stride", () => {
  const all = bits(49 * 2 ** 16);
  const words = all.slice(0, 48 * 2 ** 16);
  expect(disjointness(words, 48)).toEqual({ words: 65_536, repeated: 0, isPassed: true });
  words.copyWithin(48 * 60_000, 48 * 7, 48 * 8);
  expect(disjointness(words, 48)).toEqual({ words: 65_536, repeated: 1, isPassed: false });
  words[48 * 60_000 + 47]! ^= 1;
  expect(disjointness(words, 48).isPassed).toBe(true);
  // The 49th bit is not used.
  all.copyWithin(49 * 60_000, 49 * 7, 49 * 7 + 48);
  all[49 * 60_000 + 48] = 1 - all[49 * 7 + 48]!;
  expect(disjointness(all, 49).repeated).toBe(1);
});

test("sequences come in turn from all bits and from one bit of each symbol", () => {
  expect(placeOf(0, 8)).toEqual({ firstSymbol: 0, symbols: 2500, column: null });
  expect(placeOf(1, 8)).toEqual({ firstSymbol: 2500, symbols: 20_000, column: 0 });
  expect(placeOf(8, 8)).toEqual({ firstSymbol: 2500, symbols: 20_000, column: 7 });
  expect(placeOf(9, 8)).toEqual({ firstSymbol: 22_500, symbols: 2500, column: null });
  expect(placeOf(1, 1)).toEqual({ firstSymbol: 20_000, symbols: 20_000, column: 0 });
  expect(placeOf(2, 1)).toEqual({ firstSymbol: 40_000, symbols: 20_000, column: null });
  expect(neededSymbolsA(1)).toBe(48 * 65_536 + 257 * 20_000);
  expect(neededSymbolsA(8)).toBe(6 * 65_536 + 28 * 22_500 + 22_500);
});

describe("the repeat rule", () => {
  test("one failure is repeated once, more are not", () => {
    expect(verdictOf([], 1)).toBe("notApplicable");
    expect(verdictOf([0], 1)).toBe("passed");
    expect(verdictOf([1], 1)).toBe("repeatNeeded");
    expect(verdictOf([2], 1)).toBe("failed");
    expect(verdictOf([1, 0], 1)).toBe("passed");
    expect(verdictOf([1, 1], 1)).toBe("failed");
  });

  const needed = neededSymbolsA(8);
  /** T0 fails in the rounds named. */
  function rounds(count: number, failing: readonly number[]) {
    const symbols = noise(needed * count);
    for (const round of failing)
      symbols.copyWithin(round * needed, round * needed + 6, round * needed + 12);
    const samples = { symbols, bitsPerSymbol: 8 };
    // T1 to T5 are taken as passed, to be fast.
    const passed = basicTests(bits(20_000));
    expect(passed.failed).toEqual([]);
    const campaign = ais31Campaign(samples, { procedures: ["A"] });
    for (let task = campaign.next(); task; task = campaign.next())
      campaign.take(
        task,
        task.kind === "sequences"
          ? { kind: "sequences", sequences: Array.from({ length: task.sequences }, () => passed) }
          : runAis31Task(samples, task),
      );
    return campaign.result()!.procedureA!;
  }

  test("the second round is of fresh samples", () => {
    const once = rounds(2, [0]);
    expect(once.verdict).toBe("passed");
    expect(once.rounds.map((round) => round.failures)).toEqual([1, 0]);
    expect(once.rounds[1]!.firstSymbol).toBe(needed);
    expect(rounds(2, [0, 1]).verdict).toBe("failed");
    expect(rounds(2, [1]).rounds).toHaveLength(1);
    const short = rounds(1, [0]);
    expect(short.verdict).toBe("repeatNeeded");
    expect(short.notApplicable).toContain(`needs ${2 * needed} samples`);
  });
});

describe("procedure B", () => {
  test("T7's chi-square at its limit, and of constants", () => {
    expect(homogeneity(50_000, 50_000)).toBe(0);
    expect(homogeneity(0, 0)).toBe(0);
    expect(homogeneity(100_000, 100_000)).toBe(0);
    expect(homogeneity(0, 100_000)).toBe(200_000);
    // (869^2) (1/100,869 + 1/99,131) = 15.104; 870: 15.139.
    expect(homogeneity(50_000, 50_869)).toBeLessThan(15.13);
    expect(homogeneity(50_000, 50_870)).toBeGreaterThan(15.13);
  });

  test("words run out where there are none", () => {
    const { tests } = procedureB(new Uint8Array(300_000));
    expect(tests).toHaveLength(9);
    expect(tests[0]).toMatchObject({ test: "T6 ones", isPassed: false, value: 0.5, bits: 100_000 });
    expect(tests[1]).toMatchObject({ isPassed: null, value: null, bits: 200_000 });
    expect(tests[1]!.notApplicable).toContain("100000 occurrences");
    expect(tests[8]!.notApplicable).toBe("needs 2068480 bits, there are 0 left");
  });

  test("one sample too few is not applicable, with what is needed", () => {
    expect(LEAST_BITS_B).toBe(6_968_480);
    const symbols = new Uint8Array(LEAST_BITS_B / 8 - 1);
    const result = ais31({ symbols, bitsPerSymbol: 8 });
    expect(result.procedureB).toMatchObject({ verdict: "notApplicable", rounds: [] });
    expect(result.procedureB!.notApplicable).toBe(
      `needs 900000 samples, there are ${symbols.length}`,
    );
    expect(result.procedureA).toMatchObject({ verdict: "notApplicable", neededSamples: 1_045_716 });
    expect(result.meaning).toContain("no evidence of entropy");
  });
});

describe("version 3", () => {
  const isRunning = (symbols: Uint8Array, bitsPerSymbol: number) =>
    ais31v3Campaign({ symbols, bitsPerSymbol }).next() !== null;

  test("takes 2,040,000 bits", () => {
    expect(isRunning(new Uint8Array(255_000), 8)).toBe(true);
    expect(isRunning(new Uint8Array(254_999), 8)).toBe(false);
    expect(ais31v3({ symbols: new Uint8Array(254_999), bitsPerSymbol: 8 })).toMatchObject({
      verdict: "notApplicable",
      notApplicable: "needs 2040000 bits, there are 2039992",
      rounds: [],
    });
  });

  test("each test has bits of its own, and what fails is repeated on fresh ones", () => {
    const symbols = noise(510_000);
    // The second test's 20,000 bits.
    symbols.fill(0x55, 2500, 5000);
    const samples = { symbols, bitsPerSymbol: 8 };
    const result = ais31v3(samples);
    expect(result.verdict).toBe("passed");
    expect(result.rounds[0]!.map(({ isPassed }) => isPassed)).toEqual([true, false, true, true]);
    expect(result.rounds[1]!.map(({ isPassed }) => isPassed)).toEqual([true, true, true, true]);
    expect(result.rounds[0]![0]!.value).not.toBe(result.rounds[1]![0]!.value);
    const short = ais31v3({ symbols: symbols.subarray(0, 509_999), bitsPerSymbol: 8 });
    expect(short).toMatchObject({ verdict: "repeatNeeded", rounds: [{}] });
    expect(short.notApplicable).toContain("needs 4080000 bits");
  });
});
