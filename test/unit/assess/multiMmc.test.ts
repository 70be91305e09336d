import * as fc from "fast-check";
import { expect, test } from "vitest";
import { predictBits, predictSymbols } from "../../../src/assess/nonIid/multiMmc.ts";
import type { Predictions } from "../../../src/assess/nonIid/prediction.ts";

const ORDERS = 16;

/** SP 800-90B 6.3.9 word by word, but for a run that NIST's tool lets stand where nothing is predicted. */
function byDefinition(symbols: Uint8Array, most: number): Predictions {
  const models = Array.from({ length: ORDERS }, () => new Map<string, Map<number, number>>());
  const pairs = Array.from({ length: ORDERS }, () => 0);
  const scores = Array.from({ length: ORDERS }, () => 0);
  const context = (at: number, order: number): string =>
    String.fromCharCode(...symbols.subarray(at - 1 - order, at));
  const count = (at: number, order: number): void => {
    const key = context(at, order);
    const next = symbols[at]!;
    const known = models[order]!.get(key)?.get(next) ?? 0;
    if (known === 0 && pairs[order]! >= most) return;
    if (known === 0) pairs[order]!++;
    const counts = models[order]!.get(key) ?? new Map<number, number>();
    models[order]!.set(key, counts.set(next, known + 1));
  };
  for (let order = 0; order < ORDERS; order++) count(order + 1, order);
  let winner = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = 2; at < symbols.length; at++) {
    const predicting = winner;
    const last = Math.min(ORDERS - 1, at - 2);
    for (let order = 0; order <= last; order++) {
      const counts = models[order]!.get(context(at, order));
      if (!counts) break;
      const highest = Math.max(...counts.values());
      const prediction = Math.max(...[...counts].filter(([, n]) => n === highest).map(([y]) => y));
      const isRight = prediction === symbols[at];
      if (order === predicting) {
        run = isRight ? run + 1 : 0;
        correct += isRight ? 1 : 0;
        longestRun = Math.max(longestRun, run);
      }
      if (isRight && ++scores[order]! >= scores[winner]!) winner = order;
    }
    for (let order = 0; order <= last; order++) count(at, order);
  }
  return { tried: symbols.length - 2, correct, longestRun };
}

/** Noise of so many symbols, or what repeats itself with errors here and there. */
const anySymbols = (alphabets: readonly number[]) =>
  fc
    .record({
      alphabet: fc.constantFrom(...alphabets),
      length: fc.integer({ min: 18, max: 500 }),
      distance: fc.integer({ min: 1, max: 200 }),
      errors: fc.constantFrom(0, 0.02, 0.2, 1),
      seed: fc.integer({ min: 1 }),
    })
    .map(({ alphabet, length, distance, errors, seed }) => {
      let state = seed;
      const random = (): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
      };
      const symbols = new Uint8Array(length);
      for (let at = 0; at < length; at++)
        symbols[at] =
          at < distance || random() < errors
            ? Math.floor(alphabet * random())
            : symbols[at - distance]!;
      return symbols;
    });

/** Room for as few pairs as this brings every order to its end sooner or later. */
const anyRoom = fc.constantFrom(1, 3, 20, 60, 150, 100_000);

test("rows of contexts give what every context gives by itself", () => {
  fc.assert(
    fc.property(anySymbols([2, 3, 5, 40, 256]), anyRoom, (symbols, most) => {
      expect(predictSymbols({ symbols }, most)).toEqual(byDefinition(symbols, most));
    }),
    { numRuns: 150 },
  );
});

test("so does one table for bits", () => {
  fc.assert(
    fc.property(anySymbols([2]), anyRoom, (symbols, most) => {
      expect(predictBits(symbols, most)).toEqual(byDefinition(symbols, most));
    }),
    { numRuns: 80 },
  );
});
