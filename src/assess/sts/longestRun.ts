import type { BitSequence } from "./bitSequence.ts";
import {
  byBothConstants,
  chiSquareOf,
  pValueOfChiSquare,
  tooFewBits,
  type StsConstants,
  type StsOutcome,
} from "./outcome.ts";

interface Table {
  readonly fromBits: number;
  readonly blockBits: number;
  /** The longest run that the first bin holds (and all shorter ones). */
  readonly first: number;
  /** By SP 800-22 r1a 3.4, four digits. */
  readonly text: readonly number[];
  /** By NIST's program (sts-2.1.2), where it has more digits; for M = 8 they are exact. */
  readonly program?: readonly number[];
}

/** SP 800-22 r1a 2.4.2 and 3.4. */
const TABLES: readonly Table[] = [
  {
    fromBits: 750_000,
    blockBits: 10_000,
    first: 10,
    text: [0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727],
  },
  {
    fromBits: 6272,
    blockBits: 128,
    first: 4,
    text: [0.1174, 0.243, 0.2493, 0.1752, 0.1027, 0.1124],
    program: [0.1174035788, 0.242955959, 0.249363483, 0.17517706, 0.102701071, 0.112398847],
  },
  {
    fromBits: 128,
    blockBits: 8,
    first: 1,
    text: [0.2148, 0.3672, 0.2305, 0.1875],
    program: [0.21484375, 0.3671875, 0.23046875, 0.1875],
  },
];

/**
 * SP 800-22 r1a 2.4, the longest run of ones in a block.
 * @param constants whose digits the result rests on; the others' p-value stands beside it
 */
export function longestRun(
  { bits, length }: BitSequence,
  constants: StsConstants = "text",
): StsOutcome {
  const table = TABLES.find(({ fromBits }) => length >= fromBits);
  if (!table) return tooFewBits("longest-run", length, 128);
  const { blockBits, first, text, program } = table;
  const blocks = Math.floor(length / blockBits);
  const counts = new Uint32Array(text.length);
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
  const ran = { test: "longest-run", applies: true, parameters: { blockBits, blocks } } as const;
  if (program) return { ...ran, ...byBothConstants(counts, { text, program }, constants) };
  const statistic = chiSquareOf(counts, text);
  const pValue = pValueOfChiSquare(statistic, counts.length - 1);
  return { ...ran, results: [{ label: "", statistic, pValue }] };
}
