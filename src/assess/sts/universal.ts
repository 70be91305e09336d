import { erfc } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import { tooFewBits, type StsOutcome } from "./outcome.ts";

interface Row {
  readonly fromBits: number;
  readonly blockBits: number;
  readonly expected: number;
  readonly variance: number;
}

/** SP 800-22 r1a 2.9.4 and 2.9.7: L, the least n for it, and the mean and variance of log2 of the distance. */
const ROWS: readonly Row[] = [
  { fromBits: 1_059_061_760, blockBits: 16, expected: 15.167379, variance: 3.421 },
  { fromBits: 496_435_200, blockBits: 15, expected: 14.167488, variance: 3.419 },
  { fromBits: 231_669_760, blockBits: 14, expected: 13.167693, variance: 3.416 },
  { fromBits: 107_560_960, blockBits: 13, expected: 12.16807, variance: 3.41 },
  { fromBits: 49_643_520, blockBits: 12, expected: 11.168765, variance: 3.401 },
  { fromBits: 22_753_280, blockBits: 11, expected: 10.170032, variance: 3.384 },
  { fromBits: 10_342_400, blockBits: 10, expected: 9.1723243, variance: 3.356 },
  { fromBits: 4_654_080, blockBits: 9, expected: 8.1764248, variance: 3.311 },
  { fromBits: 2_068_480, blockBits: 8, expected: 7.1836656, variance: 3.238 },
  { fromBits: 904_960, blockBits: 7, expected: 6.1962507, variance: 3.125 },
  { fromBits: 387_840, blockBits: 6, expected: 5.2177052, variance: 2.954 },
];

/**
 * f_n of SP 800-22 r1a 2.9.4: the mean of log2 of the distance to the last equal block of L bits,
 * over the `tested` blocks that follow the `initial` ones.
 */
export function meanLogDistance(
  bits: Uint8Array,
  blockBits: number,
  initial: number,
  tested: number,
): number {
  const last = new Uint32Array(2 ** blockBits);
  // Distances are few and small: counting them first spares a logarithm for each block.
  const longest = initial + tested;
  const counts = new Uint32Array(longest + 1);
  let at = 0;
  for (let block = 1; block <= longest; block++) {
    let value = 0;
    for (const end = at + blockBits; at < end; at++) value = (value << 1) | bits[at]!;
    if (block > initial) counts[block - last[value]!]!++;
    last[value] = block;
  }
  let sum = 0;
  for (let distance = 2; distance <= longest; distance++) {
    if (counts[distance]! > 0) sum += counts[distance]! * Math.log2(distance);
  }
  return sum / tested;
}

/** SP 800-22 r1a 2.9, Maurer's "universal statistical" test, with Q = 10 * 2^L. */
export function universal({ bits, length }: BitSequence): StsOutcome {
  const row = ROWS.find(({ fromBits }) => length >= fromBits);
  if (!row) return tooFewBits("universal", length, 387_840);
  const { blockBits, expected, variance } = row;
  const initial = 10 * 2 ** blockBits;
  const tested = Math.floor(length / blockBits) - initial;
  const factor = 0.7 - 0.8 / blockBits + ((4 + 32 / blockBits) / 15) * tested ** (-3 / blockBits);
  const deviation = factor * Math.sqrt(variance / tested);
  const statistic = meanLogDistance(bits, blockBits, initial, tested);
  const pValue = erfc(Math.abs(statistic - expected) / (Math.SQRT2 * deviation));
  return {
    test: "universal",
    applies: true,
    parameters: { blockBits, initialBlocks: initial, testedBlocks: tested },
    results: [{ label: "", statistic, pValue }],
  };
}
