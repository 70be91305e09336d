import { onesBetween, type BitSequence } from "./bitSequence.ts";
import { pValueOfChiSquare, tooFewBits, type StsOutcome } from "./outcome.ts";

/**
 * SP 800-22 r1a 2.2, the frequency test within blocks of M bits.
 * @param blockBits M
 * @param minimumBits 100 by 2.2.7
 */
export function blockFrequency(
  sequence: BitSequence,
  blockBits = 128,
  minimumBits = 100,
): StsOutcome {
  const needed = Math.max(minimumBits, blockBits);
  if (sequence.length < needed) return tooFewBits("block-frequency", sequence.length, needed);
  const blocks = Math.floor(sequence.length / blockBits);
  let squares = 0;
  for (let block = 0; block < blocks; block++) {
    const from = block * blockBits;
    squares += (onesBetween(sequence, from, from + blockBits) - blockBits / 2) ** 2;
  }
  // 4 M sum (pi - 1/2)^2, with pi = ones / M.
  const statistic = (4 * squares) / blockBits;
  return {
    test: "block-frequency",
    applies: true,
    parameters: { blockBits, blocks },
    results: [{ label: "", statistic, pValue: pValueOfChiSquare(statistic, blocks) }],
  };
}
