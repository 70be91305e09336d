import { wordAt, type BitSequence } from "./bitSequence.ts";
import { chiSquareOf, pValueOfChiSquare, tooFewBits, type StsOutcome } from "./outcome.ts";

const SIDE = 32;

/** The rank over GF(2). @param rows one word each, up to 32 columns; overwritten */
export function binaryRank(rows: Int32Array): number {
  let rank = 0;
  for (let row = 0; row < rows.length; row++) {
    const pivot = rows[row]!;
    if (pivot === 0) continue;
    rank++;
    const column = Math.clz32(pivot);
    for (let below = row + 1; below < rows.length; below++) {
      // All ones where the row below has a one in the pivot's column.
      rows[below]! ^= pivot & ((rows[below]! << column) >> 31);
    }
  }
  return rank;
}

/** SP 800-22 r1a 3.5: the probability that a random 32 x 32 matrix over GF(2) has this rank. */
function probabilityOfRank(rank: number): number {
  let product = 2 ** (rank * (2 * SIDE - rank) - SIDE * SIDE);
  for (let i = 0; i < rank; i++) product *= (1 - 2 ** (i - SIDE)) ** 2 / (1 - 2 ** (i - rank));
  return product;
}

/** SP 800-22 r1a 2.5, the rank of 32 x 32 matrices; at least 38 of them by 2.5.7. */
export function rank(sequence: BitSequence): StsOutcome {
  const matrixBits = SIDE * SIDE;
  const minimumBits = 38 * matrixBits;
  if (sequence.length < minimumBits) return tooFewBits("rank", sequence.length, minimumBits);
  const matrices = Math.floor(sequence.length / matrixBits);
  const rows = new Int32Array(SIDE);
  const counts = [0, 0, 0];
  for (let matrix = 0; matrix < matrices; matrix++) {
    for (let row = 0; row < SIDE; row++) {
      rows[row] = wordAt(sequence, matrix * matrixBits + row * SIDE);
    }
    counts[Math.min(SIDE - binaryRank(rows), 2)]!++;
  }
  const [full, less] = [probabilityOfRank(SIDE), probabilityOfRank(SIDE - 1)];
  const statistic = chiSquareOf(counts, [full, less, 1 - full - less]);
  return {
    test: "rank",
    applies: true,
    parameters: { matrices, fullRank: counts[0]!, oneLess: counts[1]! },
    results: [{ label: "", statistic, pValue: pValueOfChiSquare(statistic, 2) }],
  };
}
