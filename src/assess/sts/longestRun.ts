import type { BitSequence } from "./bitSequence.ts";
import { chiSquareOf, pValueOfChiSquare, tooFewBits, type StsOutcome } from "./outcome.ts";

interface Table {
  readonly fromBits: number;
  readonly blockBits: number;
  /** The longest run that the first bin holds (and all shorter ones). */
  readonly first: number;
  readonly probabilities: readonly number[];
}

/**
 * SP 800-22 r1a 2.4.2 and 3.4, with the digits of NIST's program (the text rounds them to four).
 * For M = 8 they are the exact 55, 94, 59 and 48 of 256 bytes.
 */
const TABLES: readonly Table[] = [
  {
    fromBits: 750_000,
    blockBits: 10_000,
    first: 10,
    probabilities: [0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727],
  },
  {
    fromBits: 6272,
    blockBits: 128,
    first: 4,
    probabilities: [
      0.1174035788, 0.242955959, 0.249363483, 0.17517706, 0.102701071, 0.112398847,
    ],
  },
  {
    fromBits: 128,
    blockBits: 8,
    first: 1,
    probabilities: [0.21484375, 0.3671875, 0.23046875, 0.1875],
  },
];

/** SP 800-22 r1a 2.4, the longest run of ones in a block. */
export function longestRun({ bits, length }: BitSequence): StsOutcome {
  const table = TABLES.find(({ fromBits }) => length >= fromBits);
  if (!table) return tooFewBits("longest-run", length, 128);
  const { blockBits, first, probabilities } = table;
  const blocks = Math.floor(length / blockBits);
  const counts = new Uint32Array(probabilities.length);
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    let run = 0;
    let longest = 0;
    for (const end = at + blockBits; at < end; at++) {
      run = (run + 1) & -bits[at]!;
      if (run > longest) longest = run;
    }
    counts[Math.min(Math.max(longest - first, 0), counts.length - 1)]!++;
  }
  const statistic = chiSquareOf(counts, probabilities);
  const pValue = pValueOfChiSquare(statistic, counts.length - 1);
  return {
    test: "longest-run",
    applies: true,
    parameters: { blockBits, blocks },
    results: [{ label: "", statistic, pValue }],
  };
}
