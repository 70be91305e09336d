/** Bits of a block (FIPS 140-2, 4.9.1). */
export const BLOCK_BITS = 20_000;
const WORD_BITS = 32;
/** Longer runs are counted with those of this length. */
const LONGEST_TOLD = 6;
const RUN_LENGTHS = LONGEST_TOLD + 1;

/** What the counts of a block must keep to. */
export interface BlockLimits {
  /** Ones: more than the first, fewer than the second. */
  readonly ones: readonly [number, number];
  /** Runs of length 1, 2, 3, 4, 5 and 6 or more, of zeros and of ones each: both ends pass. */
  readonly runs: readonly (readonly [number, number])[];
  /** A run as long as this fails. */
  readonly longRun: number;
}

/** FIPS 140-2 with change notices 1 and 2. */
export const FIPS_140_2: BlockLimits = {
  ones: [9725, 10_275],
  runs: [
    [2315, 2685],
    [1114, 1386],
    [527, 723],
    [240, 384],
    [103, 209],
    [103, 209],
  ],
  longRun: 26,
};

/**
 * 2.16 < X < 46.17 in the whole numbers that X is made of: X = (16 / 5000) x sum - 5000, so that
 * sum = 312.5 (X + 5000) is more than 1,563,175 and less than 1,576,928.125.
 */
export const FIPS_140_2_POKER_SQUARES = [1_563_176, 1_576_928] as const;

/** What is counted in one block. */
export interface BlockCounts {
  readonly ones: number;
  /** The sum of the squares of how often each of the 16 nibbles occurs among 5,000. */
  readonly pokerSquares: number;
  /** X of the poker test, chi-square of 15 degrees. */
  readonly poker: number;
  /** Runs of length 1, 2, 3, 4, 5 and 6 or more. */
  readonly runsOfZeros: readonly number[];
  readonly runsOfOnes: readonly number[];
  readonly longestRun: number;
}

/**
 * Counts a block.
 * @param bits 0 or 1 a byte
 * @param at where the block begins; 20,000 bits must follow
 */
export function countBlock(bits: Uint8Array, at = 0): BlockCounts {
  if (!(at >= 0 && at + BLOCK_BITS <= bits.length))
    throw new RangeError(`a block takes ${BLOCK_BITS} bits`);
  const nibbles = new Int32Array(16);
  // Of zeros, then of ones; the first of each is of no length and stays 0.
  const runs = new Int32Array(2 * RUN_LENGTHS);
  const end = at + BLOCK_BITS;
  let ones = 0;
  let longestRun = 0;
  let run = 0;
  for (let index = at; index < end; index += 4) {
    const nibble =
      (bits[index]! << 3) | (bits[index + 1]! << 2) | (bits[index + 2]! << 1) | bits[index + 3]!;
    nibbles[nibble]!++;
  }
  // Without a branch: where runs of noise end a processor guesses wrong every other time.
  for (let index = at; index < end; index++) {
    const bit = bits[index]!;
    const ends = index + 1 === end ? 1 : bits[index + 1]! ^ bit;
    ones += bit;
    run++;
    runs[bit * RUN_LENGTHS + Math.min(run, LONGEST_TOLD)]! += ends;
    longestRun = Math.max(longestRun, run);
    run &= ends - 1;
  }
  const pokerSquares = nibbles.reduce((sum, count) => sum + count * count, 0);
  return {
    ones,
    pokerSquares,
    poker: (16 * pokerSquares) / 5000 - 5000,
    runsOfZeros: [...runs.subarray(1, RUN_LENGTHS)],
    runsOfOnes: [...runs.subarray(RUN_LENGTHS + 1)],
    longestRun,
  };
}

export const isMonobitPassed = (ones: number, { ones: [low, high] }: BlockLimits): boolean =>
  ones > low && ones < high;

/** @param runs runs of one value, by length */
export const isRunsPassed = (runs: readonly number[], limits: BlockLimits): boolean =>
  limits.runs.every(([low, high], index) => runs[index]! >= low && runs[index]! <= high);

export type FipsTest = "monobit" | "poker" | "runs" | "longRun" | "continuousRun";

/** A block with what it failed. */
export interface FipsBlock extends BlockCounts {
  /** 32-bit words that are equal to the word before, the one before the block included. */
  readonly repeatedWords: number;
  readonly failed: readonly FipsTest[];
}

/**
 * The tests of FIPS 140-2 on a block, with the continuous one as rngtest does it: a 32-bit word equal to
 * the one before it fails.
 * @param bits 0 or 1 a byte
 * @param at where the block begins; a word that stands before it is compared with its first
 */
export function fips140Block(bits: Uint8Array, at = 0): FipsBlock {
  const counts = countBlock(bits, at);
  let repeatedWords = 0;
  // -1 is no word.
  let last = at >= WORD_BITS ? wordAt(bits, at - WORD_BITS) : -1;
  for (let index = at; index < at + BLOCK_BITS; index += WORD_BITS) {
    const word = wordAt(bits, index);
    if (word === last) repeatedWords++;
    last = word;
  }
  const failed: FipsTest[] = [];
  if (!isMonobitPassed(counts.ones, FIPS_140_2)) failed.push("monobit");
  const [low, high] = FIPS_140_2_POKER_SQUARES;
  if (counts.pokerSquares < low || counts.pokerSquares > high) failed.push("poker");
  if (!isRunsPassed(counts.runsOfZeros, FIPS_140_2) || !isRunsPassed(counts.runsOfOnes, FIPS_140_2))
    failed.push("runs");
  if (counts.longestRun >= FIPS_140_2.longRun) failed.push("longRun");
  if (repeatedWords > 0) failed.push("continuousRun");
  return { ...counts, repeatedWords, failed };
}

function wordAt(bits: Uint8Array, at: number): number {
  let word = 0;
  for (let index = at; index < at + WORD_BITS; index++) word = (word << 1) | bits[index]!;
  return word >>> 0;
}
