import type { Dataset } from "../nonIid/dataset.ts";
import { repeatsOf } from "../nonIid/repeats.ts";

const LEAST_PROBABILITY = 0.001;

export interface LongestRepeat {
  /** The chance that two samples are equal (SP 800-90B 5.2.5 step 1). */
  readonly pCollision: number;
  /** W, the length of the longest string that occurs twice. */
  readonly length: number;
  /** That independent samples would have a repeat of this length. */
  readonly probability: number;
  readonly passed: boolean;
}

/** The length of the longest repeated substring test, SP 800-90B 5.2.5. */
export function longestRepeat(dataset: Dataset): LongestRepeat {
  const { symbols, alphabet } = dataset;
  const counts = new Float64Array(alphabet);
  for (const symbol of symbols) counts[symbol]! += 1;
  const pCollision = counts.reduce((sum, count) => sum + (count / symbols.length) ** 2, 0);
  const { longest } = repeatsOf(dataset);
  const strings = symbols.length - longest + 1;
  const pairs = (strings * (strings - 1)) / 2;
  // 1 - (1 - p^W)^pairs without the loss of what is near 1.
  const probability = -Math.expm1(pairs * Math.log1p(-(pCollision ** longest)));
  return { pCollision, length: longest, probability, passed: probability >= LEAST_PROBABILITY };
}
