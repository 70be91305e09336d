import { createCipheriv } from "node:crypto";

/** Words that are made at a time, at most. */
const WORDS = 16_384;

/** The most symbols that are shuffled: a word times their number must be exact in a double. */
export const MOST_SYMBOLS = 2 ** 21;

/**
 * Fisher-Yates: every order is as likely as any other. The numbers are AES-256-CTR keyed with the seed,
 * so that whoever has it can draw every permutation of a report again, each without those before it.
 * @param symbols put in another order where they stand; up to `MOST_SYMBOLS` of them
 * @param seed 64 hexadecimal digits
 * @param permutation stands in the first half of the counter block
 */
export function shuffle(symbols: Uint8Array, seed: string, permutation: number): void {
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(permutation, 4);
  const cipher = createCipheriv("aes-256-ctr", Buffer.from(seed, "hex"), counter);
  let size = symbols.length;
  const words = new Uint32Array(Math.min(WORDS, size));
  const octets = new Uint8Array(words.buffer);
  const zeros = new Uint8Array(octets.length);
  while (size > 1) {
    octets.set(cipher.update(zeros));
    size = exchange(symbols, size, words);
  }
}

/**
 * Puts a symbol behind those that are left, a word each. Its index is the high word of word x size; what
 * would make some likelier is drawn again (Lemire, "Fast random integer generation in an interval",
 * 2019). Products are below 2^53, so that doubles hold them. A function of its own, since V8 optimizes
 * the loop within a loop only after hundreds of rounds.
 * @returns how many are left
 */
function exchange(symbols: Uint8Array, size: number, words: Uint32Array): number {
  for (let at = 0; at < words.length && size > 1; at++) {
    const product = words[at]! * size;
    const other = (product * 2 ** -32) | 0;
    const low = product - other * 2 ** 32;
    if (low < size && low < 2 ** 32 % size) continue;
    size--;
    const last = symbols[size]!;
    symbols[size] = symbols[other]!;
    symbols[other] = last;
  }
  return size;
}
