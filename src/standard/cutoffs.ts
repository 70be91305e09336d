import { log2BinomialTail, smallestCutoff } from "./binomial.ts";

/** SP 800-90B 4.4.2: 1024 samples when the source is binary, 512 otherwise. */
export function adaptiveProportionWindow(bitsPerSample: number): number {
  return bitsPerSample === 1 ? 1024 : 512;
}

/**
 * H rounded down to two decimals, which keeps ceil(a/H) exact for every a that is used: a quotient
 * that is an integer in truth can come out a hair above it for an arbitrary double (a = 20,
 * H = 20/61 gives 62). Rounding down is the safe side for false alarms: the cutoff can only rise.
 * The 1e-9 keeps a decimal such as 0.29, whose hundredfold is 28.999999999999996, where it is.
 */
function roundedDown(entropy: number): number {
  return Math.floor(entropy * 100 + 1e-9) / 100;
}

/**
 * Cutoff of the repetition count test, SP 800-90B 4.4.1: C = 1 + ceil(-log2(alpha) / H).
 * @param entropy min-entropy claimed per sample, bits, at least 0.01
 * @param alphaExponent -log2(alpha)
 * @returns the run length at which the test fails
 */
export function repetitionCountCutoff(entropy: number, alphaExponent: number): number {
  const h = roundedDown(entropy);
  if (!(h > 0)) throw new RangeError(`H = ${entropy} is below 0.01 bit per sample`);
  return 1 + Math.ceil(alphaExponent / h);
}

/**
 * Cutoff of the adaptive proportion test, SP 800-90B 4.4.2: C = 1 + CRITBINOM(W, 2^-H, 1 - alpha).
 * @returns the count, the first sample included, at which the test fails; above `windowSamples`
 *   when the test could never fail, which FIPS 140-3 IG D.K forbids
 */
export function adaptiveProportionCutoff(
  entropy: number,
  windowSamples: number,
  alphaExponent: number,
): number {
  return smallestCutoff(windowSamples, 2 ** -entropy, alphaExponent);
}

/**
 * The same with the first sample taken out of the binomial (comment UL 10b on SP 800-90B, and what
 * jitterentropy uses): C' = 1 + the smallest c with Pr[Bin(W - 1, 2^-H) >= c] <= alpha. The counter
 * starts at 1 without a chance event, so C holds alpha only almost; C' is C or C + 1.
 */
export function adaptiveProportionCutoffCorrected(
  entropy: number,
  windowSamples: number,
  alphaExponent: number,
): number {
  return 1 + smallestCutoff(windowSamples - 1, 2 ** -entropy, alphaExponent);
}

/**
 * Cutoff for the number of correct guesses in a window of a predictor. Whatever the predictor's
 * strategy, each guess is right with probability at most 2^-H given the past, so that the count is
 * dominated by Bin(predictions, 2^-H).
 */
export function predictorCountCutoff(
  entropy: number,
  predictions: number,
  alphaExponent: number,
): number {
  return smallestCutoff(predictions, 2 ** -entropy, alphaExponent);
}

/**
 * log2 of the expected number of runs of correct guesses that reach `run` within `predictions`: the
 * first guess may start one, every later one only after a miss, so (1 + (N - r)(1 - p)) p^r. By
 * Markov's inequality this bounds the probability that there is any; below 2^-20 they are equal to
 * six digits.
 */
export function log2ExpectedRuns(entropy: number, predictions: number, run: number): number {
  if (run > predictions) return -Infinity;
  const miss = -Math.expm1(-entropy * Math.LN2);
  return Math.log2(1 + (predictions - run) * miss) - run * entropy;
}

/** The shortest run of correct guesses expected at most 2^-alphaExponent times a window. */
export function predictorRunCutoff(
  entropy: number,
  predictions: number,
  alphaExponent: number,
): number {
  let low = 0;
  let high = predictions + 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (log2ExpectedRuns(entropy, predictions, middle) <= -alphaExponent) high = middle;
    else low = middle;
  }
  return high;
}

/** A proportion band as counts: inside [least, most] nothing is wrong. */
export interface BandCutoff {
  readonly least: number;
  readonly most: number;
  /** Counts outside [least, most] at which the test fails. */
  readonly deviation: number;
}

/** log2 of the probability that a window lies `deviation` or more outside the band, either side. */
export function log2BandTail(
  trials: number,
  lower: number,
  upper: number,
  deviation: number,
): number {
  const above = log2BinomialTail(trials, upper, Math.floor(trials * upper) + deviation);
  const below = log2BinomialTail(trials, 1 - lower, trials - Math.ceil(trials * lower) + deviation);
  const high = Math.max(above, below);
  if (high === -Infinity) return high;
  return Math.min(0, high + Math.log1p(2 ** (Math.min(above, below) - high)) / Math.LN2);
}

/**
 * Cutoff of a two-sided test on a proportion that physics places in [lower, upper]: the smallest
 * deviation with Pr[Bin(n, upper) >= most + d] + Pr[Bin(n, lower) <= least - d] <= alpha. For any
 * true proportion inside the band both terms are smaller still.
 */
export function bandCutoff(
  trials: number,
  lower: number,
  upper: number,
  alphaExponent: number,
): BandCutoff {
  let low = 0;
  let high = trials + 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (log2BandTail(trials, lower, upper, middle) <= -alphaExponent) high = middle;
    else low = middle;
  }
  return { least: Math.ceil(trials * lower), most: Math.floor(trials * upper), deviation: high };
}
