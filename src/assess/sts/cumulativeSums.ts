import { erfc } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import { tooFewBits, unit, type StsOutcome, type StsResult } from "./outcome.ts";

/**
 * The probability that a walk of `length` steps of +-1 gets as far as `furthest` from where it began.
 * The sum of SP 800-22 r1a 2.13.4 (4), its differences of normal distributions written as upper tails:
 * with a = z / sqrt(n) it is 4 (Q(a) - Q(3a) + Q(5a) - ...). That keeps the digits of small p-values,
 * and what the sum's ends leave out is below Q(sqrt(n)), 1e-23 at n = 100.
 */
function pValueOf(furthest: number, length: number): number {
  const step = furthest / Math.sqrt(2 * length);
  let sum = 0;
  for (let odd = 1, sign = 1; ; odd += 2, sign = -sign) {
    const tail = erfc(odd * step);
    sum += sign * tail;
    if (tail <= 1e-17 * Math.abs(sum)) return unit(2 * sum);
  }
}

/**
 * SP 800-22 r1a 2.13, the cumulative sums test, from both ends.
 * @param minimumBits 100 by 2.13.7
 */
export function cumulativeSums({ bits, length }: BitSequence, minimumBits = 100): StsOutcome {
  if (length < minimumBits || length === 0) {
    return tooFewBits("cumulative-sums", length, minimumBits);
  }
  let sum = 0;
  let highest = 0;
  let lowest = 0;
  for (let at = 0; at < length; at++) {
    sum += 2 * bits[at]! - 1;
    if (sum > highest) highest = sum;
    if (sum < lowest) lowest = sum;
  }
  const resultOf = (label: string, statistic: number): StsResult => ({
    label,
    statistic,
    pValue: pValueOf(statistic, length),
  });
  return {
    test: "cumulative-sums",
    applies: true,
    parameters: {},
    results: [
      resultOf("forward", Math.max(highest, -lowest)),
      // From the other end a partial sum is the whole less one of these.
      resultOf("reverse", Math.max(sum - lowest, highest - sum)),
    ],
  };
}
