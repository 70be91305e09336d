import { upperGamma } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import { circularPatterns, shorterPatterns } from "./patterns.ts";
import { tooFewBits, unit, type StsOutcome } from "./outcome.ts";

/**
 * The sum of C ln(C / E) over patterns, E being how often each is expected. It is n phi of SP 800-22 r1a
 * 2.12.4 plus n m ln 2: taken from there, few digits are lost to cancellation.
 */
function divergence(counts: Uint32Array, length: number): number {
  const expected = length / counts.length;
  let sum = 0;
  for (let pattern = 0; pattern < counts.length; pattern++) {
    const count = counts[pattern]!;
    if (count > 0) sum += count * Math.log(count / expected);
  }
  return sum;
}

/**
 * SP 800-22 r1a 2.12, the approximate entropy test.
 * @param patternBits m, 1 to 23
 * @param minimumBits by 2.12.7, m < floor(log2 n) - 5
 */
export function approximateEntropy(
  { bits, length }: BitSequence,
  patternBits = 10,
  minimumBits = 2 ** (patternBits + 6),
): StsOutcome {
  if (length < minimumBits) return tooFewBits("approximate-entropy", length, minimumBits);
  const longer = circularPatterns(bits, patternBits + 1);
  // 2 n (ln 2 - phi(m) + phi(m + 1)).
  const statistic = 2 * (divergence(longer, length) - divergence(shorterPatterns(longer), length));
  const pValue = unit(upperGamma(2 ** (patternBits - 1), Math.max(0, statistic) / 2));
  return {
    test: "approximate-entropy",
    applies: true,
    parameters: { patternBits },
    results: [{ label: "", statistic, pValue }],
  };
}
