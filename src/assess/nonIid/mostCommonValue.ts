import type { Dataset } from "./dataset.ts";
import { bitsOfProbability, upperBound, type Estimate } from "./estimate.ts";

export type MostCommonValue = Estimate<
  "mostCommonValue",
  { readonly modeCount: number; readonly pHat: number; readonly pUpper: number }
>;

/** SP 800-90B 6.3.1. */
export function mostCommonValue({ symbols, alphabet }: Dataset): MostCommonValue {
  const counts = new Uint32Array(alphabet);
  for (const symbol of symbols) counts[symbol]! += 1;
  const modeCount = counts.reduce((most, count) => Math.max(most, count), 0);
  const pHat = modeCount / symbols.length;
  const pUpper = upperBound(pHat, symbols.length);
  return {
    estimator: "mostCommonValue",
    minEntropy: bitsOfProbability(pUpper),
    modeCount,
    pHat,
    pUpper,
  };
}
