import { bitsOfProbability, upperBound, type Estimate } from "./estimate.ts";
import type { Repeats } from "./repeatCounter.ts";

/** A tuple that occurs less often than this is not counted on (SP 800-90B 6.3.5 step 2). */
const CUTOFF = 35;

/** The smallest length whose most common string occurs fewer than 35 times: u of 6.3.6. */
function shortestRare({ longest, mostCommon }: Repeats): number {
  let [low, high] = [1, longest + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (mostCommon(middle) < CUTOFF) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Of powers that are rounded twice. */
const ROUNDING = 1e-14;

/**
 * The greatest (count(l) / all(l)) ** (1 / l) of lengths l from `from` to `to`. A repeat may be as long as
 * half the samples or more, and both fall as the length grows: what a range of lengths has at the most is
 * known from its ends, and few ranges can have the greatest.
 */
function greatestRoot(
  from: number,
  to: number,
  count: (length: number) => number,
  all: (length: number) => number,
): number {
  let greatest = 0;
  const bound = (low: number, high: number): number => (count(low) / all(high)) ** (1 / high);
  const look = (low: number, high: number, most: number): void => {
    if (most < greatest * (1 - ROUNDING)) return;
    if (low === high) {
      greatest = Math.max(greatest, most);
      return;
    }
    const middle = (low + high) >>> 1;
    const [left, right] = [bound(low, middle), bound(middle + 1, high)];
    if (left > right) look(low, middle, left);
    look(middle + 1, high, right);
    if (left <= right) look(low, middle, left);
  };
  if (from <= to) look(from, to, bound(from, to));
  return greatest;
}

export type TTuple = Estimate<
  "tTuple",
  { readonly t: number; readonly pHatMax: number; readonly pUpper: number }
>;

/** SP 800-90B 6.3.5. @param length samples */
export function tTuple(repeats: Repeats, length: number): TTuple {
  const t = shortestRare(repeats) - 1;
  if (t === 0) {
    const notApplicable = `no symbol occurs ${CUTOFF} times`;
    return { estimator: "tTuple", minEntropy: null, notApplicable };
  }
  const pHatMax = greatestRoot(1, t, repeats.mostCommon, (size) => length - size + 1);
  const pUpper = upperBound(pHatMax, length);
  return { estimator: "tTuple", minEntropy: bitsOfProbability(pUpper), t, pHatMax, pUpper };
}

export type Lrs = Estimate<
  "lrs",
  { readonly u: number; readonly v: number; readonly pHat: number; readonly pUpper: number }
>;

/** The longest repeated substring estimate, SP 800-90B 6.3.6. @param length samples */
export function lrs(repeats: Repeats, length: number): Lrs {
  const u = shortestRare(repeats);
  const v = repeats.longest;
  if (v < u) {
    const notApplicable = `no string of ${u} or more symbols repeats itself`;
    return { estimator: "lrs", minEntropy: null, notApplicable };
  }
  const pHat = greatestRoot(u, v, repeats.pairs, (size) => {
    const strings = length - size + 1;
    return (strings * (strings - 1)) / 2;
  });
  const pUpper = upperBound(pHat, length);
  return { estimator: "lrs", minEntropy: bitsOfProbability(pUpper), u, v, pHat, pUpper };
}
