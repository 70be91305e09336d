import { wordAt, type BitSequence } from "./bitSequence.ts";
import {
  chiSquareOf,
  pValueOfChiSquare,
  tooFewBits,
  type StsConstants,
  type StsOutcome,
} from "./outcome.ts";

/** SP 800-22 r1a 3.10; NIST's program has 0.01047 for the first (a digit lost from 0.010417). */
const PROBABILITIES: Readonly<Record<StsConstants, readonly number[]>> = {
  text: [0.010417, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833],
  program: [0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833],
};

/**
 * The length of the shortest LFSR that makes the `count` bits from `from` on (Berlekamp-Massey).
 *
 * Only the length is wanted, so the connection polynomials C and B themselves are not kept, but
 * their products with the sequence: the discrepancy of step n is bit n of C * S, and what the step
 * does to C it does to C * S. A step is then an exclusive or of the words that remain, and no parity.
 */
export function linearComplexityOf(sequence: BitSequence, from: number, count: number): number {
  const words = (count + 31) >>> 5;
  let current = new Int32Array(words + 1);
  let previous = new Int32Array(words + 1);
  let spare = new Int32Array(words + 1);
  for (let word = 0; word < words; word++) current[word] = wordAt(sequence, from + 32 * word);
  return shiftRegisterLength(current, previous, spare, count);
}

function shiftRegisterLength(
  first: Int32Array,
  second: Int32Array,
  third: Int32Array,
  count: number,
): number {
  let [current, previous, spare] = [first, second, third];
  const words = (count + 31) >>> 5;
  let length = 0;
  /** The bit of `previous` that its discrepancy stands at; before the first change, B = 1 * x^-1. */
  let previousAt = -1;
  for (let word = 0; word < words; word++) {
    for (;;) {
      // The next discrepancy in this word: all bits before it are zero once they are dealt with.
      const n = 32 * word + Math.clz32(current[word]!);
      if (n >= 32 * word + 32) break;
      if (n >= count) return length;
      const grows = 2 * length <= n;
      if (previousAt < 0) {
        // C = 1 + x^(n+1): the first discrepancy is made good by the sequence, shifted by n + 1.
        previousAt = n;
        spare.set(current);
        shiftInto(current, spare, n + 1, word, words);
        current[word]! &= ~(0x80000000 >>> (n & 31));
        [previous, spare] = [spare, previous];
        length = n + 1;
        continue;
      }
      if (grows) spare.set(current);
      shiftInto(current, previous, n - previousAt, word, words);
      if (grows) {
        [previous, spare] = [spare, previous];
        previousAt = n;
        length = n + 1 - length;
      }
    }
  }
  return length;
}
