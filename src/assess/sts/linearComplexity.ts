import { wordAt, type BitSequence } from "./bitSequence.ts";
import { byBothConstants, tooFewBits, type StsConstants, type StsOutcome } from "./outcome.ts";

/** SP 800-22 r1a 2.10 with M = 500, NIST's default. */
const BLOCK_BITS = 500;

/** SP 800-22 r1a 3.10; NIST's program has 0.01047 for the first (a digit lost from 0.010417). */
const PROBABILITIES: Readonly<Record<StsConstants, readonly number[]>> = {
  text: [0.010417, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833],
  program: [0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833],
};

/** `target` ^= `source` moved `shift` bits towards the end, from word `from` on. */
function addShifted(
  target: Int32Array,
  source: Int32Array,
  shift: number,
  from: number,
  words: number,
): void {
  const whole = shift >>> 5;
  const right = shift & 31;
  let word = Math.max(from, whole);
  if (right === 0) {
    for (; word < words; word++) target[word]! ^= source[word - whole]!;
    return;
  }
  let before = word > whole ? source[word - whole - 1]! : 0;
  for (; word < words; word++) {
    const here = source[word - whole]!;
    target[word]! ^= (before << (32 - right)) | (here >>> right);
    before = here;
  }
}

/** Room for the words of one block; what is in it before and after has no meaning. */
type Scratch = readonly [Int32Array, Int32Array, Int32Array];

const scratchFor = (count: number): Scratch => {
  const words = (count + 31) >>> 5;
  return [new Int32Array(words), new Int32Array(words), new Int32Array(words)];
};

/**
 * The length of the shortest LFSR that makes the `count` bits from `from` on (Berlekamp-Massey).
 *
 * Only the length is wanted, so instead of the connection polynomials C and B their products with the
 * sequence S are kept: the discrepancy of step n is bit n of C S, and C + x^s B makes C S + x^s B S.
 * A step is then an exclusive or of the words that remain, and no parity. Bits before n, which are no
 * discrepancies any more, are kept zero, so that the next discrepancy is the first one in the word.
 */
export function linearComplexityOf(
  sequence: BitSequence,
  from: number,
  count: number,
  scratch = scratchFor(count),
): number {
  let [current, previous, spare] = scratch;
  const words = (count + 31) >>> 5;
  for (let word = 0; word < words; word++) current[word] = wordAt(sequence, from + 32 * word);
  let length = 0;
  /** The step whose discrepancy made B; -1 while B is 1. */
  let previousStep = -1;
  for (let word = 0; word < words; word++) {
    for (;;) {
      const step = 32 * word + Math.clz32(current[word]!);
      if (step >= 32 * word + 32) break;
      if (step >= count) return length;
      const grows = 2 * length <= step;
      // Of C before the step only words from here on have bits; the one before is a source of zeros.
      if (grows) for (let at = Math.max(0, word - 1); at < words; at++) spare[at] = current[at]!;
      if (previousStep < 0) {
        // B = 1: the sequence itself is added, and the discrepancy is that of the imagined step -1.
        spare.fill(0, 0, word);
        addShifted(current, spare, step + 1, word, words);
        current[word]! &= ~(0x80000000 >>> (step & 31));
      } else addShifted(current, previous, step - previousStep, word, words);
      if (grows) {
        [previous, spare] = [spare, previous];
        previousStep = step;
        length = step + 1 - length;
      }
    }
  }
  return length;
}

/**
 * SP 800-22 r1a 2.10, the linear complexity of blocks of 500 bits.
 * @param constants whose probabilities the result rests on; the others' p-value stands beside it
 */
export function linearComplexity(
  sequence: BitSequence,
  constants: StsConstants = "text",
): StsOutcome {
  // 2.10.7: n >= 10^6, and at least 200 blocks.
  if (sequence.length < 1_000_000) {
    return tooFewBits("linear-complexity", sequence.length, 1_000_000);
  }
  const blocks = Math.floor(sequence.length / BLOCK_BITS);
  // 2.10.4 (3), for an even M; the last term, (M/3 + 2/9) / 2^M, is below 1e-148.
  const mean = BLOCK_BITS / 2 + 8 / 36;
  const counts = new Uint32Array(7);
  const scratch = scratchFor(BLOCK_BITS);
  for (let block = 0; block < blocks; block++) {
    const complexity = linearComplexityOf(sequence, block * BLOCK_BITS, BLOCK_BITS, scratch);
    const t = complexity - mean + 2 / 9;
    // Bins end at -2.5, -1.5, ... 2.5, each end belonging to the bin below it.
    counts[Math.min(6, Math.max(0, Math.ceil(t + 2.5)))]!++;
  }
  return {
    test: "linear-complexity",
    applies: true,
    parameters: { blockBits: BLOCK_BITS, blocks },
    ...byBothConstants(counts, PROBABILITIES, constants),
  };
}
