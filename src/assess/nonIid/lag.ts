import type { Dataset } from "./dataset.ts";
import { pack, windowAt } from "./packed.ts";
import { predictionEstimate, type Predictions, type Predictor } from "./prediction.ts";

const LAGS = 128;
const BLOCK = 32;

/** Lag prediction, SP 800-90B 6.3.8. */
export function lag(dataset: Dataset): Predictor<"lag"> {
  const { symbols, alphabet } = dataset;
  if (symbols.length < 3)
    return { estimator: "lag", minEntropy: null, notApplicable: "needs 3 samples" };
  const predictions = alphabet === 2 ? predictBits(dataset) : predictSymbols(symbols);
  return predictionEstimate("lag", predictions, alphabet);
}

/** A power of two above the longest lag, so that a step back never meets what overwrote it. */
const RING = 256;

/**
 * Only the lags at which the same symbol stood count: the distance of each symbol to the one before
 * that is the same leads from one to the next, the shortest first as the standard has it.
 */
export function predictSymbols(symbols: Uint8Array): Predictions {
  const scores = new Int32Array(LAGS + 1);
  const seenAt = new Int32Array(256).fill(-LAGS - 1);
  const distances = new Int32Array(RING);
  let winner = 1;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = 0; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    const distance = at - seenAt[symbol]!;
    seenAt[symbol] = at;
    distances[at & (RING - 1)] = distance;
    if (at === 0) continue;
    if (at >= winner && symbols[at - winner] === symbol) {
      correct++;
      run++;
      if (run > longestRun) longestRun = run;
    } else run = 0;
    for (let lagged = distance; lagged <= LAGS; lagged += distances[(at - lagged) & (RING - 1)]!)
      if (++scores[lagged]! >= scores[winner]!) winner = lagged;
  }
  return { tried: symbols.length - 1, correct, longestRun };
}

function countOnes(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * The same for bits, 32 at a time. Within a block no score grows by more than 32, so a lag that is
 * further behind the winner cannot win in it and is only counted: the rest, few after the first
 * thousands, are compared sample by sample.
 */
export function predictBits(dataset: Dataset): Predictions {
  const { symbols } = dataset;
  const { length } = symbols;
  // A part by samples, until every lag reaches back whole and from there whole blocks.
  const head = Math.min(length, LAGS + 1);
  const scores = new Int32Array(LAGS + 1);
  let winner = 1;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  const bySample = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      const symbol = symbols[at]!;
      if (at >= winner && symbols[at - winner] === symbol) {
        correct++;
        run++;
        if (run > longestRun) longestRun = run;
      } else run = 0;
      const last = Math.min(LAGS, at);
      for (let lagged = 1; lagged <= last; lagged++)
        if (symbols[at - lagged] === symbol && ++scores[lagged]! >= scores[winner]!)
          winner = lagged;
    }
  };
  bySample(1, head);
  const packed = pack(dataset);
  const candidates = new Int32Array(LAGS);
  const matches = new Int32Array(LAGS);
  let at = head;
  for (; at + BLOCK <= length; at += BLOCK) {
    const now = windowAt(packed, at);
    const least = scores[winner]! - BLOCK;
    let count = 0;
    for (let lagged = 1; lagged <= LAGS; lagged++) {
      const same = ~(now ^ windowAt(packed, at - lagged));
      if (scores[lagged]! >= least) {
        candidates[count] = lagged;
        matches[count++] = same;
      } else scores[lagged]! += countOnes(same);
    }
    for (let bit = BLOCK - 1; bit >= 0; bit--) {
      if (symbols[at + BLOCK - 1 - bit] === symbols[at + BLOCK - 1 - bit - winner]) {
        correct++;
        run++;
        if (run > longestRun) longestRun = run;
      } else run = 0;
      for (let index = 0; index < count; index++) {
        if (((matches[index]! >>> bit) & 1) === 0) continue;
        const lagged = candidates[index]!;
        if (++scores[lagged]! >= scores[winner]!) winner = lagged;
      }
    }
  }
  bySample(at, length);
  return { tried: length - 1, correct, longestRun };
}
