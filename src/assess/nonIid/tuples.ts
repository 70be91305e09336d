import { bitsOfProbability, upperBound, type Estimate } from "./estimate.ts";
import type { Repeats } from "./repeats.ts";

/** A tuple that occurs less often than this is not counted on (SP 800-90B 6.3.5 step 2). */
const CUTOFF = 35;

/** The smallest length whose most common string occurs fewer than 35 times: u of 6.3.6. */
function shortestRare({ longest, mostCommon }: Repeats): number {
  let length = 1;
  while (length <= longest && mostCommon[length]! >= CUTOFF) length++;
  return length;
}

/**
 * The greatest share ** (1 / length) of lengths `from` to `to`. A repeat may be as long as half the
 * samples, and a power takes long, so it is taken only where it may be the greatest.
 */
function greatestRoot(from: number, to: number, shareOf: (length: number) => number): number {
  let greatest = 0;
  // greatest ** length, less a part that rounding over 2^27 lengths does not reach.
  let least = 0;
  for (let length = to; length >= from; length--) {
    const share = shareOf(length);
    if (share >= least * (1 - 1e-6)) {
      greatest = Math.max(greatest, share ** (1 / length));
      least = greatest ** length;
    }
    least /= greatest;
  }
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
  const pHatMax = greatestRoot(1, t, (size) => repeats.mostCommon[size]! / (length - size + 1));
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
  const pHat = greatestRoot(u, v, (size) => {
    const strings = length - size + 1;
    return repeats.pairs[size]! / ((strings * (strings - 1)) / 2);
  });
  const pUpper = upperBound(pHat, length);
  return { estimator: "lrs", minEntropy: bitsOfProbability(pUpper), u, v, pHat, pUpper };
}
