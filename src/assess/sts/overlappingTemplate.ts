import type { BitSequence } from "./bitSequence.ts";
import { byBothConstants, tooFewBits, type StsConstants, type StsOutcome } from "./outcome.ts";

const TEMPLATE_BITS = 9;
const BLOCK_BITS = 1032;

/**
 * The probabilities of 0, 1, 2, 3, 4 and more occurrences in a block, m = 9 and M = 1032.
 * Text: SP 800-22 r1a 3.8, the exact values of Hamano and Kaneko. Program: sts-2.1.2 names the same
 * values, then overwrites them with the older approximation of 3.8 for eta = 1:
 * e^-1 * (1, 1/2, 3/8, 13/48, 73/384), which is also what the published example for e rests on.
 */
const PROBABILITIES: Readonly<Record<StsConstants, readonly number[]>> = {
  text: [0.364091, 0.185659, 0.139381, 0.100571, 0.0704323, 0.139865],
  program: approximation(),
};

function approximation(): number[] {
  const head = [1, 1 / 2, 3 / 8, 13 / 48, 73 / 384].map((factor) => factor / Math.E);
  return [...head, 1 - head.reduce((sum, value) => sum + value, 0)];
}

/**
 * SP 800-22 r1a 2.8, overlapping occurrences of nine ones in blocks of 1032 bits.
 * @param constants whose probabilities the result rests on; the others' p-value stands beside it
 */
export function overlappingTemplate(
  { bits, length }: BitSequence,
  constants: StsConstants = "text",
): StsOutcome {
  // 2.8.7: n >= 10^6, for which at least 5 of the N = 968 blocks are expected in every bin.
  if (length < 1_000_000) return tooFewBits("overlapping-template", length, 1_000_000);
  const blocks = Math.floor(length / BLOCK_BITS);
  const counts = new Uint32Array(6);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    let run = 0;
    let found = 0;
    for (const end = at + BLOCK_BITS; at < end; at++) {
      run = (run + 1) & -bits[at]!;
      if (run >= TEMPLATE_BITS) found++;
    }
    counts[Math.min(found, 5)]!++;
  }
  return {
    test: "overlapping-template",
    applies: true,
    parameters: { templateBits: TEMPLATE_BITS, blockBits: BLOCK_BITS, blocks },
    ...byBothConstants(counts, PROBABILITIES, constants),
  };
}
