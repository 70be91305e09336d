import { erfc } from "../special/gamma.ts";
import { onesBetween, onesInWord, wordAt, type BitSequence } from "./bitSequence.ts";
import { notApplicable, tooFewBits, type StsOutcome } from "./outcome.ts";

/**
 * SP 800-22 r1a 2.3, the runs test. Where the share of ones is 2/sqrt(n) or more away from a half,
 * the standard sets the p-value to 0 without a calculation; here there is none, and the stream
 * counts as failed.
 * @param minimumBits 100 by 2.3.7
 */
export function runs(sequence: BitSequence, minimumBits = 100): StsOutcome {
  const { length, bits } = sequence;
  if (length < minimumBits || length < 2) return tooFewBits("runs", length, minimumBits);
  const ones = onesBetween(sequence, 0, length);
  const share = ones / length;
  if (Math.abs(share - 0.5) >= 2 / Math.sqrt(length)) {
    const reason = `the share of ones, ${share}, is 2/sqrt(n) or more away from 1/2`;
    return notApplicable("runs", reason, { ones }, true);
  }
  let changes = 0;
  let at = 0;
  for (; at + 33 <= length; at += 32) {
    changes += onesInWord(wordAt(sequence, at) ^ wordAt(sequence, at + 1));
  }
  for (; at + 1 < length; at++) changes += bits[at]! ^ bits[at + 1]!;
  const observed = changes + 1;
  const spread = 2 * share * (1 - share);
  const statistic = Math.abs(observed - length * spread) / (Math.sqrt(2 * length) * spread);
  return {
    test: "runs",
    applies: true,
    parameters: { ones, runs: observed },
    results: [{ label: "", statistic, pValue: erfc(statistic) }],
  };
}
