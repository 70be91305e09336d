import { logGamma } from "../special/gamma.ts";
import { chiSquareOf, pValueOfChiSquare } from "./outcome.ts";

/** SP 800-22 r1a 4.2.2: at least 55 streams for a uniformity that means something. */
export const UNIFORMITY_STREAMS = 55;

/** SP 800-22 r1a 4.2.1: the share of streams that pass, and where it should be. */
export interface PassProportion {
  /** Streams that the test gave a verdict on. */
  readonly streams: number;
  readonly passed: number;
  readonly proportion: number;
  /** (1 - alpha) -+ 3 sqrt(alpha (1 - alpha) / streams), cut to 0 and 1. */
  readonly interval: readonly [number, number];
  readonly within: boolean;
  /**
   * The exact probability of so many failures or more, each stream failing with probability alpha. The
   * interval is an approximation for about a thousand streams; this is not, and the verdict rests on it.
   */
  readonly pValue: number;
}

/** P(X >= `failures`) of a binomial distribution. */
export function binomialTail(failures: number, trials: number, probability: number): number {
  if (failures <= 0) return 1;
  let sum = 0;
  for (let count = failures; count <= trials; count++) {
    const ways = logGamma(trials + 1) - logGamma(count + 1) - logGamma(trials - count + 1);
    const logTerm =
      ways + count * Math.log(probability) + (trials - count) * Math.log1p(-probability);
    const term = Math.exp(logTerm);
    sum += term;
    if (count > trials * probability && term < sum * 1e-17) break;
  }
  return Math.min(1, sum);
}

/** @param streams at least one @param passed of them */
export function passProportion(streams: number, passed: number, alpha: number): PassProportion {
  const proportion = passed / streams;
  const spread = 3 * Math.sqrt((alpha * (1 - alpha)) / streams);
  const [low, high] = [Math.max(0, 1 - alpha - spread), Math.min(1, 1 - alpha + spread)];
  return {
    streams,
    passed,
    proportion,
    interval: [low, high],
    within: proportion >= low && proportion <= high,
    pValue: binomialTail(streams - passed, streams, alpha),
  };
}

/**
 * SP 800-22 r1a 4.2.2: P-value_T, whether p-values are spread evenly over ten bins.
 * @returns null for fewer than 55 of them
 */
export function uniformity(pValues: readonly number[]): number | null {
  if (pValues.length < UNIFORMITY_STREAMS) return null;
  const bins = new Uint32Array(10);
  for (const pValue of pValues) bins[Math.min(9, Math.floor(10 * pValue))]!++;
  return pValueOfChiSquare(
    chiSquareOf(
      bins,
      Array.from(bins, () => 0.1),
    ),
    9,
  );
}
