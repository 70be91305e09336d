import {
  BLOCK_BITS,
  countBlock,
  isMonobitPassed,
  isRunsPassed,
  type BlockCounts,
  type BlockLimits,
} from "../fips140/block.ts";

/** T1, T3 and T4 keep to the limits of FIPS 140-1. */
export const FIPS_140_1: BlockLimits = {
  ones: [9654, 10_346],
  runs: [
    [2267, 2733],
    [1079, 1421],
    [502, 748],
    [223, 402],
    [90, 223],
    [90, 223],
  ],
  longRun: 34,
};

/** T2: more than the first, less than the second. */
export const POKER_LIMITS = [1.03, 57.4] as const;
/** T5: more than the first, fewer than the second, of 5,000. */
export const AUTOCORRELATION_LIMITS = [2326, 2674] as const;

export type BasicTest = "T1" | "T2" | "T3" | "T4" | "T5";

/** T1 to T5 on one sequence of 20,000 bits, with every figure. */
export interface BasicTests extends BlockCounts {
  /** The shift whose correlation is the strongest in the first half; of several the shortest. */
  readonly shift: number;
  /** Unequal pairs at that shift among 5,000 of the first half, and of the second half: T5. */
  readonly unequalFirstHalf: number;
  readonly unequal: number;
  readonly failed: readonly BasicTest[];
}

export const isPokerPassed = (poker: number): boolean =>
  poker > POKER_LIMITS[0] && poker < POKER_LIMITS[1];

export const isAutocorrelationPassed = (unequal: number): boolean =>
  unequal > AUTOCORRELATION_LIMITS[0] && unequal < AUTOCORRELATION_LIMITS[1];

/** @param bits 20,000, 0 or 1 a byte */
export function basicTests(bits: Uint8Array): BasicTests {
  if (bits.length !== BLOCK_BITS) throw new RangeError(`a sequence is ${BLOCK_BITS} bits`);
  const counts = countBlock(bits);
  const autocorrelation = autocorrelationOf(bits);
  const failed: BasicTest[] = [];
  if (!isMonobitPassed(counts.ones, FIPS_140_1)) failed.push("T1");
  if (!isPokerPassed(counts.poker)) failed.push("T2");
  if (!isRunsPassed(counts.runsOfZeros, FIPS_140_1) || !isRunsPassed(counts.runsOfOnes, FIPS_140_1))
    failed.push("T3");
  if (counts.longestRun >= FIPS_140_1.longRun) failed.push("T4");
  if (!isAutocorrelationPassed(autocorrelation.unequal)) failed.push("T5");
  return { ...counts, ...autocorrelation, failed };
}

const HALF = 10_000;
const SPAN = 5000;

/**
 * T5: the shift of 1 to 5,000 that is worst in the first half is judged by the second, so that it was
 * not chosen by what it is judged by.
 */
function autocorrelationOf(
  bits: Uint8Array,
): Pick<BasicTests, "shift" | "unequal" | "unequalFirstHalf"> {
  const words = new Int32Array(BLOCK_BITS / 32 + 1);
  for (let at = 0; at < BLOCK_BITS; at++) words[at >>> 5]! |= bits[at]! << (31 - (at & 31));
  let shift = 1;
  let unequalFirstHalf = SPAN / 2;
  for (let tried = 1; tried <= SPAN; tried++) {
    const unequal = unequalAt(words, 0, tried);
    if (Math.abs(unequal - SPAN / 2) > Math.abs(unequalFirstHalf - SPAN / 2)) {
      unequalFirstHalf = unequal;
      shift = tried;
    }
  }
  let unequal = 0;
  for (let at = HALF; at < HALF + SPAN; at++) unequal += bits[at]! ^ bits[at + shift]!;
  return { shift, unequalFirstHalf, unequal };
}

/** Pairs (b_j, b_j+shift), j from 0 to 4,999, that are not equal: 32 at a time. */
function unequalAt(words: Int32Array, from: number, shift: number): number {
  const far = from + (shift >>> 5);
  const left = shift & 31;
  let unequal = 0;
  for (let at = 0; at < SPAN >>> 5; at++) {
    const high = words[far + at]!;
    const other = left === 0 ? high : (high << left) | (words[far + at + 1]! >>> (32 - left));
    unequal += onesOf(words[from + at]! ^ other);
  }
  // 5,000 are 156 words and 8 bits.
  const at = SPAN >>> 5;
  const high = words[far + at]!;
  const other = left === 0 ? high : (high << left) | (words[far + at + 1]! >>> (32 - left));
  return unequal + onesOf((words[from + at]! ^ other) & 0xff000000);
}

function onesOf(word: number): number {
  let ones = word - ((word >>> 1) & 0x55555555);
  ones = (ones & 0x33333333) + ((ones >>> 2) & 0x33333333);
  return Math.imul((ones + (ones >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
