import type { KeyMaterial } from "../material.ts";

/** What a passphrase has at least, in bits; the number of words follows from the list's length. */
const PASSPHRASE_BITS = 128;

/*
 * Words are drawn by rejection from 32-bit numbers, so that every word is equally likely. A number
 * is rejected with probability below words / 2^32 < 2^-16 (lists of at most 65,536 words). Eight
 * spare numbers run out only when nine are rejected: below C(21, 9) 2^-144 < 2^-125 for 13 words,
 * the most that a list of at least 1024 needs.
 */
const SPARE_NUMBERS = 8;
const MAXIMUM_WORDS = 65_536;
const MINIMUM_WORDS = 1024;

/** How many words of a list of `listLength` make 128 bits: 12 of 2048, 10 of 7776. */
export function passphraseWords(listLength: number): number {
  return Math.ceil(PASSPHRASE_BITS / Math.log2(listLength));
}

/** Bytes to draw for one passphrase. */
export function passphraseSeedBytes(listLength: number): number {
  return 4 * (passphraseWords(listLength) + SPARE_NUMBERS);
}

/** The bits that a passphrase from the list really has. */
export function passphraseEntropyBits(listLength: number): number {
  return passphraseWords(listLength) * Math.log2(listLength);
}

/** @throws RangeError for a list that is too short, too long, or holds a word twice */
export function checkWordList(words: readonly string[]): void {
  if (words.length < MINIMUM_WORDS || words.length > MAXIMUM_WORDS)
    throw new RangeError(`a word list has ${MINIMUM_WORDS} to ${MAXIMUM_WORDS} words`);
  if (new Set(words).size !== words.length) throw new RangeError("a word is in the list twice");
  if (words.some((word) => !/^[a-z-]+$/.test(word)))
    throw new RangeError("the words of a list are lower-case letters and hyphens");
}

/**
 * Words joined by single spaces.
 * @param seed `passphraseSeedBytes(words.length)` bytes
 */
export function derivePassphrase(
  seed: Uint8Array,
  words: readonly string[],
): KeyMaterial & { readonly kind: "text" } {
  const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const wanted = passphraseWords(words.length);
  const accepted = 2 ** 32 - (2 ** 32 % words.length);
  const chosen: string[] = [];
  for (let offset = 0; chosen.length < wanted; offset += 4) {
    if (offset + 4 > seed.length) throw new Error("passphrase: every spare number was rejected");
    const number = view.getUint32(offset);
    if (number < accepted) chosen.push(words[number % words.length]!);
  }
  return { kind: "text", text: chosen.join(" ") };
}
