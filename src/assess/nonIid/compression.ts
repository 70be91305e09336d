import type { Dataset } from "./dataset.ts";
import { bitsOfProbability, Z, type Estimate } from "./estimate.ts";

export type Compression = Estimate<
  "compression",
  {
    readonly xBar: number;
    readonly sigmaHat: number;
    readonly xBarLower: number;
    /** Null where no p compresses so badly: the estimate is then one bit a bit. */
    readonly p: number | null;
  }
>;

const BLOCK_BITS = 6;
const DICTIONARY_BLOCKS = 1000;
const BISECTIONS = 70;

/** SP 800-90B 6.3.4, on bits. */
export function compression({ symbols }: Dataset): Compression {
  const blocks = Math.floor(symbols.length / BLOCK_BITS);
  const v = blocks - DICTIONARY_BLOCKS;
  if (v < 2) {
    const notApplicable = `needs ${(DICTIONARY_BLOCKS + 2) * BLOCK_BITS} bits`;
    return { estimator: "compression", minEntropy: null, notApplicable };
  }
  const log2 = new Float64Array(blocks + 1);
  for (let number = 1; number <= blocks; number++) log2[number] = Math.log2(number);
  const last = new Int32Array(2 ** BLOCK_BITS);
  let sum = 0;
  let squares = 0;
  // Compensated (Neumaier): a million terms of about 5 are to be right to the last digits.
  let sumRest = 0;
  let squaresRest = 0;
  for (let block = 1, at = 0; block <= blocks; block++) {
    let value = 0;
    for (let bit = 0; bit < BLOCK_BITS; bit++) value = (value << 1) | symbols[at++]!;
    if (block > DICTIONARY_BLOCKS) {
      const logarithm = log2[block - last[value]!]!;
      const square = logarithm * logarithm;
      const [nextSum, nextSquares] = [sum + logarithm, squares + square];
      sumRest += sum - nextSum + logarithm;
      squaresRest += squares - nextSquares + square;
      [sum, squares] = [nextSum, nextSquares];
    }
    last[value] = block;
  }
  const xBar = (sum + sumRest) / v;
  const sigmaHat = 0.5907 * Math.sqrt((squares + squaresRest) / (v - 1) - xBar * xBar);
  const xBarLower = xBar - (Z * sigmaHat) / Math.sqrt(v);
  const p = solve(xBarLower, log2, blocks, v);
  const minEntropy = p === null ? 1 : bitsOfProbability(p) / BLOCK_BITS;
  return { estimator: "compression", minEntropy, xBar, sigmaHat, xBarLower, p };
}

/** Step 7: the mean falls from p = 1/64, where all blocks are as likely, to p = 1. */
function solve(target: number, log2: Float64Array, blocks: number, v: number): number | null {
  const others = 2 ** BLOCK_BITS - 1;
  const mean = (p: number): number =>
    expectedLog(p, log2, blocks, v) + others * expectedLog((1 - p) / others, log2, blocks, v);
  let low = 1 / 2 ** BLOCK_BITS;
  if (mean(low) <= target) return null;
  let high = 1;
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (mean(middle) > target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * G of step 7, with the double sum turned round: a distance u occurs in every block t > u, before the
 * dictionary's end in v of them, later in ever fewer.
 */
function expectedLog(z: number, log2: Float64Array, blocks: number, v: number): number {
  let first = 0;
  let later = 0;
  let tail = 0;
  let power = 1;
  const keep = 1 - z;
  for (let u = 1; u <= blocks; u++) {
    const term = log2[u]! * power;
    if (u <= DICTIONARY_BLOCKS) first += term;
    else {
      if (u < blocks) later += (blocks - u) * term;
      tail += term;
    }
    power *= keep;
    // Nothing behind this can be seen in a double any more.
    if (power < 1e-25) break;
  }
  return (z / v) * (z * (v * first + later) + tail);
}
