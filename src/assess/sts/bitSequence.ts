/** A stream as the tests read it: the same bits three times, first bit first. */
export interface BitSequence {
  /** In bits. */
  readonly length: number;
  /** 0 or 1 each. */
  readonly bits: Uint8Array;
  /** Eight bits a byte, the first the most significant; zero bits fill the last byte. */
  readonly bytes: Uint8Array;
  /** 32 bits a word, the first the most significant; at least one word of zero bits follows. */
  readonly words: Int32Array;
}

/**
 * @param bits 0 or 1 each; kept, not copied
 * @throws RangeError when a value is neither 0 nor 1
 */
export function bitSequence(bits: Uint8Array): BitSequence {
  const { length } = bits;
  const words = new Int32Array((length >>> 5) + 2);
  const bytes = new Uint8Array((length + 7) >>> 3);
  let all = 0;
  const whole = length >>> 3;
  for (let index = 0, at = 0; index < whole; index++, at += 8) {
    const high = (bits[at]! << 7) | (bits[at + 1]! << 6) | (bits[at + 2]! << 5);
    const middle = (bits[at + 3]! << 4) | (bits[at + 4]! << 3) | (bits[at + 5]! << 2);
    const byte = high | middle | (bits[at + 6]! << 1) | bits[at + 7]!;
    all |= bits[at]! | bits[at + 1]! | bits[at + 2]! | bits[at + 3]!;
    all |= bits[at + 4]! | bits[at + 5]! | bits[at + 6]! | bits[at + 7]!;
    bytes[index] = byte;
    words[index >>> 2]! |= byte << (24 - 8 * (index & 3));
  }
  for (let at = 8 * whole; at < length; at++) {
    all |= bits[at]!;
    bytes[at >>> 3]! |= bits[at]! << (7 - (at & 7));
    words[at >>> 5]! |= bits[at]! << (31 - (at & 31));
  }
  if (all > 1) throw new RangeError("a bit sequence holds only 0 and 1");
  return { length, bits, bytes, words };
}

/** The ones in a word. */
export function onesInWord(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The 32 bits from `at` on, the first the most significant; zero bits beyond the end. */
export function wordAt({ words }: BitSequence, at: number): number {
  const index = at >>> 5;
  const shift = at & 31;
  const word = words[index]!;
  return shift === 0 ? word : (word << shift) | (words[index + 1]! >>> (32 - shift));
}

/** The ones among the bits `from` to `to` - 1. */
export function onesBetween(sequence: BitSequence, from: number, to: number): number {
  let ones = 0;
  let at = from;
  for (; at + 32 <= to; at += 32) ones += onesInWord(wordAt(sequence, at));
  if (at < to) ones += onesInWord(wordAt(sequence, at) >>> (32 - (to - at)));
  return ones;
}
