import type { Samples } from "../samples.ts";

/** How often each value came. @returns 2^bitsPerSymbol counts */
export function histogram({ symbols, bitsPerSymbol }: Samples): Float64Array {
  const counts = new Float64Array(2 ** bitsPerSymbol);
  for (const symbol of symbols) counts[symbol]! += 1;
  return counts;
}

/**
 * The sample autocorrelation at lags 1 to `lags`; NaN everywhere where all symbols are the same.
 * For independent samples each lies within 1.96 / sqrt(L) of 0 in 95 of 100 cases.
 */
export function autocorrelation({ symbols }: Samples, lags: number): Float64Array {
  const length = symbols.length;
  let sum = 0;
  for (const symbol of symbols) sum += symbol;
  const mean = sum / length;
  let variance = 0;
  for (const symbol of symbols) variance += (symbol - mean) ** 2;
  const result = new Float64Array(lags);
  for (let lag = 1; lag <= lags; lag++) {
    // Whole numbers are exact below 2^53; the mean is taken off afterwards.
    let products = 0;
    let head = 0;
    let tail = 0;
    for (let at = lag; at < length; at++) {
      const [before, after] = [symbols[at - lag]!, symbols[at]!];
      products += before * after;
      head += before;
      tail += after;
    }
    const pairs = length - lag;
    result[lag - 1] = (products - mean * (head + tail) + pairs * mean * mean) / variance;
  }
  return result;
}

export interface RunLengths {
  /** Runs of length 1, 2, ... ; the last counts all that are at least as long. */
  readonly observed: Float64Array;
  /** What independent samples with the same histogram would give on average. */
  readonly expected: Float64Array;
}

/** How long the same symbol came again and again. */
export function runLengths(samples: Samples, longest: number): RunLengths {
  const { symbols } = samples;
  const observed = new Float64Array(longest);
  let run = 0;
  for (let at = 0; at < symbols.length; at++) {
    run += 1;
    if (at + 1 < symbols.length && symbols[at + 1] === symbols[at]) continue;
    observed[Math.min(run, longest) - 1]! += 1;
    run = 0;
  }
  const expected = new Float64Array(longest);
  for (const count of histogram(samples)) {
    const p = count / symbols.length;
    // A run of exactly n begins anywhere with probability p^n (1 - p)^2, at least n with p^n (1 - p).
    for (let length = 1; length <= longest; length++)
      expected[length - 1]! +=
        symbols.length * p ** length * (length < longest ? (1 - p) ** 2 : 1 - p);
  }
  return { observed, expected };
}
