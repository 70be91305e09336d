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
  let pHatMax = 0;
  for (let size = 1; size <= t; size++) {
    const share = repeats.mostCommon[size]! / (length - size + 1);
    pHatMax = Math.max(pHatMax, share ** (1 / size));
  }
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
  let pHat = 0;
  for (let size = u; size <= v; size++) {
    const strings = length - size + 1;
    const share = repeats.pairs[size]! / ((strings * (strings - 1)) / 2);
    pHat = Math.max(pHat, share ** (1 / size));
  }
  const pUpper = upperBound(pHat, length);
  return { estimator: "lrs", minEntropy: bitsOfProbability(pUpper), u, v, pHat, pUpper };
}
