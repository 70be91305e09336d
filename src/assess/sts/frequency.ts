import { erfc } from "../special/gamma.ts";
import { onesBetween, type BitSequence } from "./bitSequence.ts";
import { tooFewBits, type StsOutcome } from "./outcome.ts";

/**
 * SP 800-22 r1a 2.1, the frequency (monobit) test.
 * @param minimumBits 100 by 2.1.7
 */
export function frequency(sequence: BitSequence, minimumBits = 100): StsOutcome {
  const { length } = sequence;
  if (length < minimumBits || length === 0) return tooFewBits("frequency", length, minimumBits);
  const ones = onesBetween(sequence, 0, length);
  const statistic = Math.abs(2 * ones - length) / Math.sqrt(length);
  return {
    test: "frequency",
    applies: true,
    parameters: { ones },
    results: [{ label: "", statistic, pValue: erfc(statistic / Math.SQRT2) }],
  };
}
