import { log2BinomialTail } from "../../standard/binomial.ts";

/*
 * Upper ends of the live figures. The claim that is put to the test is that of SP 800-90B: whoever
 * knows all samples before guesses the next one with a chance of at most p = 2^-H. Each bound below
 * is wrong, for any source that keeps its claim however its samples depend on each other, in at most
 * a share alpha of all windows; so H above the bound is refuted with that confidence. None takes a
 * proportion to be normal: windows of a thousand samples and claims near 0 are as safe.
 */

const STEPS = 60;

/**
 * The lower end of a proportion (Clopper and Pearson): the largest p at which `count` or more of
 * `trials` has a chance of at most alpha.
 *
 * It bounds a predictor's success. A predictor decides before it sees the sample, so each prediction
 * is right with a chance of at most p, given all that was before; the number of right ones is then
 * stochastically at most Bin(trials, p) (by induction from the last prediction to the first), and
 * a bound above 2^-H has a chance of at most alpha.
 * @param log2Alpha below 0
 */
export function lowerProportion(trials: number, count: number, log2Alpha: number): number {
  if (count <= 0) return 0;
  // Above the mean the tail grows with p, and at the observed proportion it is about one half.
  let low = 0;
  let high = count / trials;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (log2BinomialTail(trials, middle, count) <= log2Alpha) low = middle;
    else high = middle;
  }
  return low;
}

/** Bits of a proportion that is at least this; at most `most`. */
function bits(proportion: number, most: number): number {
  return proportion <= 0 ? most : Math.min(most, -Math.log2(proportion));
}

/**
 * Of the most common value. The count of each value alone is at most Bin(samples, p) as above; which
 * of the 2^width values is the most common one is only known afterwards, so alpha is shared by all.
 */
export function valueUpper(
  samples: number,
  modeCount: number,
  width: number,
  log2Alpha: number,
): number {
  return bits(lowerProportion(samples, modeCount, log2Alpha - width), width);
}

/**
 * Of a predictor, by its number of right predictions and by their longest run, half of alpha each.
 * A run of r begins at one of at most `tried` predictions and has a chance of at most p^r there, so
 * that tried x p^r = alpha / 2 gives the bound: -log2 p = (log2 tried - log2(alpha / 2)) / r.
 */
export function predictionUpper(
  { tried, correct, longestRun }: { tried: number; correct: number; longestRun: number },
  width: number,
  log2Alpha: number,
): number {
  const global = bits(lowerProportion(tried, correct, log2Alpha - 1), width);
  if (longestRun === 0) return global;
  return Math.min(global, (Math.log2(tried) - log2Alpha + 1) / longestRun);
}

/** Pairs of consecutive bits, [00, 01, 10, 11], and single ones. */
export interface BitCounts {
  readonly pairs: readonly [number, number, number, number];
  readonly zeros: number;
  readonly ones: number;
}

const PATH = 128;

/**
 * Of the Markov estimate, for samples that are bits. What follows on a bit a is b with a chance of at
 * most p, so of n visits to a the number that b follows is at most Bin(n, p). n is not fixed before,
 * and takes one of fewer than `length` values, so each transition's lower end is taken at alpha over
 * 4 x length, and each first bit's likewise: 6 x length together, rounded up. All of them are then at
 * most p at once, and so is the mean of each of the six paths (6.3.3 step 3), but for alpha.
 */
export function markovUpper({ pairs, zeros, ones }: BitCounts, log2Alpha: number): number {
  const length = zeros + ones;
  const each = log2Alpha - Math.log2(6 * length);
  const [c00, c01, c10, c11] = pairs;
  const cost = (count: number, trials: number): number =>
    -Math.log2(lowerProportion(trials, count, each));
  const [b0, b1] = [cost(zeros, length), cost(ones, length)];
  const [b00, b01] = [cost(c00, c00 + c01), cost(c01, c00 + c01)];
  const [b10, b11] = [cost(c10, c10 + c11), cost(c11, c10 + c11)];
  const paths = [
    b0 + (PATH - 1) * b00,
    b0 + (PATH / 2) * b01 + (PATH / 2 - 1) * b10,
    b0 + b01 + (PATH - 2) * b11,
    b1 + b10 + (PATH - 2) * b00,
    b1 + (PATH / 2) * b10 + (PATH / 2 - 1) * b01,
    b1 + (PATH - 1) * b11,
  ];
  return Math.min(1, Math.min(...paths) / PATH);
}
