import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { datasetOf } from "../../../src/assess/nonIid/dataset.ts";
import * as lag from "../../../src/assess/nonIid/lag.ts";
import { markov } from "../../../src/assess/nonIid/markov.ts";
import { mostCommonValue } from "../../../src/assess/nonIid/mostCommonValue.ts";
import * as multiMmc from "../../../src/assess/nonIid/multiMmc.ts";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import { repeatsOf } from "../../../src/assess/nonIid/repeats.ts";
import { pack } from "../../../src/assess/nonIid/packed.ts";
import { periodicRepeats } from "../../../src/assess/nonIid/periodicRepeats.ts";
import { sortedPrefixes } from "../../../src/assess/nonIid/sortedPrefixes.ts";
import { commonPrefixes, suffixArray } from "../../../src/assess/nonIid/suffixArray.ts";
import { hasVectors, holdGeneratedSets, holdFile } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each(["rand1_short", "rand4_short", "rand8_short"])("%s", (name) =>
    holdFile(`nist90b/${name}`),
  );
  test("generated sets of 20,000 samples", () => holdGeneratedSets(20_000));
});

describe("the standard's own examples", () => {
  test("6.3.1", () => {
    const symbols = Uint8Array.of(0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1);
    const { minEntropy, ...rest } = mostCommonValue(datasetOf({ symbols }));
    expect(rest).toMatchObject({ modeCount: 8, pHat: 0.4 });
    expect(minEntropy).toBeCloseTo(0.53638, 4);
  });

  test("6.3.3", () => {
    const symbols = Uint8Array.from("1000111001010101110011000111001010101110", Number);
    const result = markov(datasetOf({ symbols }));
    expect(result).toMatchObject({ p00: 7 / 18, p10: 4 / 7 });
    expect(result.minEntropy).toBeCloseTo(0.760636, 5);
  });
});

/** A generator that needs no library and no seed but its number. */
function noise(seed: number, length: number, alphabet: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * alphabet);
  });
}

const SHAPES: Readonly<Record<string, (length: number) => Uint8Array>> = {
  noise: (length) => noise(1, length, 2),
  "biased noise": (length) => noise(2, length, 16).map((value) => (value === 0 ? 1 : 0)),
  "four symbols": (length) => noise(3, length, 4),
  "nine symbols": (length) => noise(4, length, 9),
  bytes: (length) => noise(5, length, 256),
  constant: (length) => new Uint8Array(length),
  "all the same but the last": (length) =>
    Uint8Array.from({ length }, (_, at) => (at === length - 1 ? 1 : 0)),
  "period two": (length) => Uint8Array.from({ length }, (_, at) => at % 2),
  "a long period": (length) => {
    const period = noise(6, Math.max(1, length >> 2), 2);
    return Uint8Array.from({ length }, (_, at) => period[at % period.length]!);
  },
  "a copy with errors": (length) => {
    const half = noise(7, length, 2);
    return half.map((bit, at) => (at % 211 === 5 ? 1 - bit : half[at % (length >> 1 || 1)]!));
  },
  "blocks of four": (length) => {
    const [blocks, choices] = [noise(8, 4 * 600, 2), noise(9, length, 4)];
    return choices.map((_, at) => blocks[600 * choices[Math.floor(at / 600)]! + (at % 600)]!);
  },
  "few ones": (length) => noise(10, length, 256).map((value) => (value === 0 ? 1 : 0)),
  counter: (length) => Uint8Array.from({ length }, (_, at) => at & 255),
  fibonacci: (length) => {
    let [one, two] = ["0", "01"];
    while (two.length < length) [one, two] = [two, two + one];
    return Uint8Array.from(two.slice(0, length), Number);
  },
};

describe.each(Object.keys(SHAPES))("sorting suffixes of %s", (shape) => {
  test.each([1, 2, 3, 31, 32, 33, 65, 500])("%i of them", (length) => {
    const { symbols, alphabet } = datasetOf({ symbols: SHAPES[shape]!(length) });
    const text = [...symbols];
    const naive = text
      .map((_, at) => at)
      .sort((one, other) => {
        for (let at = 0; ; at++) {
          const [left, right] = [text[one + at] ?? -1, text[other + at] ?? -1];
          if (left !== right || left < 0) return left - right;
        }
      });
    const order = suffixArray(symbols, alphabet - 1);
    expect([...order]).toEqual(naive);
    const prefixes = naive.map((at, index) => {
      let common = 0;
      const before = naive[index - 1];
      if (before === undefined) return 0;
      while (
        at + common < length &&
        before + common < length &&
        text[at + common] === text[before + common]
      )
        common++;
      return common;
    });
    expect([...commonPrefixes(symbols, order)]).toEqual(prefixes);
    expect([...sortedPrefixes({ symbols, alphabet })]).toEqual(prefixes);
  });
});

test("the two ways of sorting agree where both have to split again and again", () => {
  // Two of them are given up on and sorted in linear time.
  for (const shape of Object.keys(SHAPES)) {
    const dataset = datasetOf({ symbols: SHAPES[shape]!(40_000) });
    if (dataset.alphabet < 2) continue;
    const order = suffixArray(dataset.symbols, dataset.alphabet - 1);
    expect(sortedPrefixes(dataset)).toEqual(commonPrefixes(dataset.symbols, order));
  }
});

function holdRepeats(what: string, symbols: Uint8Array): void {
  const { longest, mostCommon, pairs } = repeatsOf(datasetOf({ symbols }));
  const text = String.fromCharCode(...symbols);
  for (let size = 1; size <= longest + 1; size++) {
    const counts = new Map<string, number>();
    for (let at = 0; at + size <= text.length; at++) {
      const part = text.slice(at, at + size);
      counts.set(part, (counts.get(part) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    const equal = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
    if (size > longest) expect([most, equal], `${what} ${size}`).toEqual([1, 0]);
    else expect([mostCommon(size), pairs(size)], `${what} ${size}`).toEqual([most, equal]);
  }
}

test("repeats are those that a count of all strings finds", () => {
  for (const shape of Object.keys(SHAPES)) holdRepeats(shape, SHAPES[shape]!(300));
});

test("so are those of anything with a period, cut anywhere", () => {
  const word = fc.oneof(
    fc.array(fc.nat({ max: 1 }), { minLength: 1, maxLength: 24 }),
    fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 9 }),
    // Rotations that are much alike.
    fc.nat({ max: 20 }).map((zeros) => [...Array.from({ length: zeros }, () => 0), 1, 0, 0, 1]),
  );
  let some = 0;
  fc.assert(
    fc.property(word, fc.integer({ min: 2, max: 90 }), (period, length) => {
      const symbols = Uint8Array.from({ length }, (_, at) => period[at % period.length]!);
      holdRepeats(`${period.join("")} to ${length}`, symbols);
      const dataset = datasetOf({ symbols });
      if (periodicRepeats(dataset, pack(dataset)) !== null) some++;
    }),
    { numRuns: 500 },
  );
  expect(some).toBeGreaterThan(100);
});

test("a period that is long to count is left to the long way", () => {
  // Each of its suffixes is in as many sets as it has zeros.
  const symbols = Uint8Array.from({ length: 9001 }, (_, at) => (at % 3000 === 0 ? 1 : 0));
  const dataset = datasetOf({ symbols });
  const packed = pack(dataset);
  expect(periodicRepeats(dataset, packed)).toBeNull();
  expect(periodicRepeats(dataset, packed, () => null)).toBeNull();
  const { longest, mostCommon, pairs } = repeatsOf(dataset);
  expect([longest, mostCommon(1), pairs(longest)]).toEqual([6001, 8997, 1]);
});

test("the short ways for bits are the long way", () => {
  for (const shape of ["noise", "biased noise", "period two", "a long period", "fibonacci"])
    for (const length of [18, 200, 30_000]) {
      const dataset = datasetOf({ symbols: SHAPES[shape]!(length) });
      if (dataset.alphabet !== 2) continue;
      const what = `${shape} ${length}`;
      expect(lag.predictBits(dataset), what).toEqual(lag.predictSymbols(dataset.symbols));
      expect(multiMmc.predictBits(dataset.symbols), what).toEqual(multiMmc.predictSymbols(dataset));
    }
});

describe("what cannot run", () => {
  test("says so, and takes no part in the minimum", () => {
    const { literal, assessed } = nonIid({ symbols: noise(7, 300, 2), bitsPerSymbol: 1 });
    const missing = literal.filter(({ minEntropy }) => minEntropy === null);
    expect(missing.map(({ estimator }) => estimator)).toEqual(["compression", "multiMcw"]);
    for (const one of missing) expect(one).toHaveProperty("notApplicable");
    expect(assessed).toBeGreaterThan(0);
  });

  test("a constant has no entropy", () => {
    const result = nonIid({ symbols: new Uint8Array(1000).fill(7), bitsPerSymbol: 8 });
    expect(result).toMatchObject({ assessed: 0, hOriginal: 0, alphabet: 1 });
  });

  test.each([2, 3, 10, 19])("%i samples give figures or reasons, and never NaN", (length) => {
    const { literal, bitstring, assessed } = nonIid({
      symbols: noise(8, length, 256),
      bitsPerSymbol: 8,
    });
    for (const { minEntropy } of [...literal, ...(bitstring ?? [])])
      if (minEntropy !== null) expect(minEntropy).toBeGreaterThanOrEqual(0);
    expect(assessed).toBeGreaterThanOrEqual(0);
  });
});
