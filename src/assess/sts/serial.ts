import { upperGamma } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import { circularPatterns, shorterPatterns } from "./patterns.ts";
import { tooFewBits, unit, type StsOutcome, type StsResult } from "./outcome.ts";

/** SP 800-22 r1a 2.11.2: psi-square, from how often each pattern occurs. */
function psiSquare(counts: Uint32Array, length: number): number {
  let squares = 0;
  for (let pattern = 0; pattern < counts.length; pattern++) squares += counts[pattern]! ** 2;
  return (counts.length / length) * squares - length;
}

/**
 * SP 800-22 r1a 2.11, the serial test.
 * @param patternBits m, 2 to 24
 * @param minimumBits by 2.11.7, m < floor(log2 n) - 2
 */
export function serial(
  { bits, length }: BitSequence,
  patternBits = 16,
  minimumBits = 2 ** (patternBits + 3),
): StsOutcome {
  if (length < minimumBits) return tooFewBits("serial", length, minimumBits);
  const counts = circularPatterns(bits, patternBits);
  const shorter = shorterPatterns(counts);
  const first = psiSquare(counts, length);
  const second = psiSquare(shorter, length);
  const third = psiSquare(shorterPatterns(shorter), length);
  const resultOf = (label: string, statistic: number, halfDegrees: number): StsResult => {
    // The differences are never negative, but rounding may leave -0.0000001 of a zero.
    const pValue = unit(upperGamma(halfDegrees, Math.max(0, statistic) / 2));
    return { label, statistic, pValue };
  };
  return {
    test: "serial",
    applies: true,
    parameters: { patternBits },
    results: [
      resultOf("1", first - second, 2 ** (patternBits - 2)),
      resultOf("2", first - 2 * second + third, 2 ** (patternBits - 3)),
    ],
  };
}
