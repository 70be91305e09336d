const WORDS = 2 ** 16;
const WORD_BITS = 48;

/** T0: are 2^16 words of 48 bits all different? A perfect source fails with a chance of 2^-17. */
export interface Disjointness {
  readonly words: number;
  /** How many are equal to another that stands before them. */
  readonly repeated: number;
  readonly isPassed: boolean;
}

/** Symbols of one word: enough for 48 bits. The bits that are too many are not used. */
export const symbolsPerWord = (bitsPerSymbol: number): number =>
  Math.ceil(WORD_BITS / bitsPerSymbol);

export const disjointnessSymbols = (bitsPerSymbol: number): number =>
  WORDS * symbolsPerWord(bitsPerSymbol);

/** @param bits 2^16 times `stride`, 0 or 1 a byte */
export function disjointness(bits: Uint8Array, stride: number): Disjointness {
  if (bits.length !== WORDS * stride) throw new RangeError("T0 takes 2^16 words");
  // 48 bits are exact in a double.
  const words = new Float64Array(WORDS);
  for (let index = 0; index < WORDS; index++) {
    let word = 0;
    for (let at = index * stride; at < index * stride + WORD_BITS; at++)
      word = word * 2 + bits[at]!;
    words[index] = word;
  }
  words.sort();
  let repeated = 0;
  for (let index = 1; index < WORDS; index++) if (words[index] === words[index - 1]) repeated++;
  return { words: WORDS, repeated, isPassed: repeated === 0 };
}
