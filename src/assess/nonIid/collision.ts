import type { Dataset } from "./dataset.ts";
import { bitsOfProbability, Z, type Estimate } from "./estimate.ts";

export type Collision = Estimate<
  "collision",
  {
    readonly v: number;
    readonly sumOfTimes: number;
    readonly xBar: number;
    readonly sigmaHat: number;
    readonly xBarLower: number;
    /** Null where no p gives so late collisions: the estimate is then one bit. */
    readonly p: number | null;
  }
>;

/** SP 800-90B 6.3.2, on bits. */
export function collision({ symbols }: Dataset): Collision {
  const { length } = symbols;
  let v = 0;
  let threes = 0;
  let at = 0;
  // Two of three bits are always the same, so a collision comes after two or three.
  while (at < length - 1) {
    if (symbols[at] === symbols[at + 1]) at += 2;
    else if (at < length - 2) {
      threes++;
      at += 3;
    } else break;
    v++;
  }
  if (v < 2)
    return { estimator: "collision", minEntropy: null, notApplicable: "fewer than 2 collisions" };
  const sumOfTimes = at;
  const sumOfSquares = 9 * threes + 4 * (v - threes);
  const xBar = sumOfTimes / v;
  const sigmaHat = Math.sqrt((sumOfSquares - (sumOfTimes * sumOfTimes) / v) / (v - 1));
  const xBarLower = Math.max(2, xBar - (Z * sigmaHat) / Math.sqrt(v));
  // Step 7 in closed form: with two symbols the mean is 2 + 2 p q.
  const p = xBarLower < 2.5 ? 0.5 + Math.sqrt(1.25 - 0.5 * xBarLower) : null;
  const minEntropy = p === null ? 1 : bitsOfProbability(p);
  return { estimator: "collision", minEntropy, v, sumOfTimes, xBar, sigmaHat, xBarLower, p };
}
