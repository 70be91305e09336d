import { expect, test } from "vitest";
import { datasetOf } from "../../../src/assess/nonIid/dataset.ts";
import { Dictionary, LONGEST } from "../../../src/assess/nonIid/dictionary.ts";
import { predict } from "../../../src/assess/nonIid/lz78y.ts";
import type { Predictions } from "../../../src/assess/nonIid/prediction.ts";

/** SP 800-90B 6.3.10 word by word: contexts as strings, and a count for each next symbol. */
function byDefinition(symbols: Uint8Array): Predictions {
  const dictionary = new Map<string, Map<number, number>>();
  const context = (at: number, length: number): string =>
    String.fromCharCode(...symbols.subarray(at - length, at));
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = LONGEST; at < symbols.length; at++) {
    let most = 0;
    let prediction = -1;
    for (let length = LONGEST; length >= 1; length--) {
      const counts = dictionary.get(context(at, length)) ?? new Map<number, number>();
      const highest = Math.max(0, ...counts.values());
      if (highest <= most) continue;
      most = highest;
      prediction = Math.max(...[...counts].filter(([, n]) => n === highest).map(([y]) => y));
    }
    if (at > LONGEST) {
      run = prediction === symbols[at] ? run + 1 : 0;
      correct += run > 0 ? 1 : 0;
      longestRun = Math.max(longestRun, run);
    }
    for (let length = LONGEST; length >= 1; length--) {
      const key = context(at, length);
      if (!dictionary.has(key) && dictionary.size < 65_536) dictionary.set(key, new Map());
      const counts = dictionary.get(key);
      counts?.set(symbols[at]!, (counts.get(symbols[at]!) ?? 0) + 1);
    }
  }
  return { tried: symbols.length - LONGEST - 1, correct, longestRun };
}

/** xorshift32. */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const SHAPES: Readonly<
  Record<string, (at: number, before: Uint8Array, random: () => number) => number>
> = {
  "bits of noise": (_at, _before, random) => Math.floor(2 * random()),
  "biased bits": (_at, _before, random) => Number(random() < 0.03),
  "noise of 5": (_at, _before, random) => Math.floor(5 * random()),
  "noise of 200": (_at, _before, random) => Math.floor(200 * random()),
  "rare symbols": (_at, _before, random) => Math.floor(256 * random() ** 5),
  "long runs": (at, before, random) =>
    random() < 0.02 ? Math.floor(9 * random()) : before[at - 1]!,
  "a counter": (at) => at,
  "a period of noise": (at, before, random) =>
    at < 2500 ? Math.floor(200 * random()) : before[at - 2500]!,
  "echoes with errors": (at, before, random) =>
    at < 700 || random() < 0.03 ? Math.floor(256 * random() ** 2) : before[at - 700]!,
};

test.each(Object.keys(SHAPES))("the shortest contexts give what all contexts give: %s", (shape) => {
  for (const [seed, length] of [
    [1, 19],
    [2, 400],
    [3, 6000],
  ] as const) {
    const random = randomness(seed);
    const symbols = new Uint8Array(length);
    for (let at = 0; at < length; at++) symbols[at] = SHAPES[shape]!(at, symbols, random);
    const dataset = datasetOf({ symbols });
    if (dataset.alphabet < 2) continue;
    expect(predict(dataset), `${shape} ${length}`).toEqual(byDefinition(dataset.symbols));
  }
});

test("contexts that found the last room without the shorter ones are counted at", () => {
  let tried = 0;
  for (let seed = 1; seed <= 40 && tried < 2; seed++) {
    const random = randomness(seed * 7919);
    const symbols = new Uint8Array(7000);
    for (let at = 0; at < symbols.length; at++) symbols[at] = Math.floor(40 * random() ** 2);
    const dictionary = new Dictionary(symbols);
    for (let at = LONGEST; dictionary.fullAt === Infinity; at++) dictionary.add(at);
    const { fullAt, shortestAtFull } = dictionary;
    if (shortestAtFull > LONGEST - 1) continue;
    tried++;
    // Its last symbol was never there before; then it comes again, in part with another one behind it.
    symbols[fullAt - 1] = 40;
    for (const [copy, length] of [shortestAtFull, 40, 40, shortestAtFull - 1, 3].entries()) {
      const target = fullAt + 100 * (copy + 1);
      symbols.copyWithin(target, fullAt - length, fullAt + 3);
      if (copy === 0) symbols[target + length] = 41;
    }
    const dataset = datasetOf({ symbols });
    expect(predict(dataset), `seed ${seed}`).toEqual(byDefinition(dataset.symbols));
  }
  expect(tried).toBe(2);
});
