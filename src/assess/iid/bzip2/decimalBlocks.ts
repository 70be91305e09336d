import type { Cycle } from "./cyclicOrder.ts";

/** Octets of a block at level 5: 500,000 less the 19 that libbz2 keeps free. */
export const BLOCK = 499_981;
/** The most tokens of a block: a digit and a space each, and what a run may add. */
export const MOST_TOKENS = (BLOCK + 3) / 2;

/**
 * A block of the text as a cycle of numbers, each with the space behind it. Numbers are in the order of
 * their texts, which has that of the text's rotations in it, since a space comes before every digit and
 * no text with its space is the beginning of another.
 */
export interface Block extends Cycle {
  /** Of each token, without the space; in order. */
  readonly texts: readonly string[];
  /** Characters of the block. */
  readonly characters: number;
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/**
 * The blocks that bzip2 cuts the decimal text of the symbols into. A cut goes through a number: what is
 * left of it at both ends of a block makes one number of the cycle.
 * @param valueOf the value of each symbol
 * @param tokens room for `MOST_TOKENS`, which each block overwrites
 * @returns for a block that lies within one number, its text
 */
export function* decimalBlocks(
  symbols: Uint8Array,
  valueOf: Uint8Array,
  tokens: Uint16Array,
): Generator<Block | string> {
  const texts = Array.from(valueOf, String);
  const sizes = Uint8Array.from(texts, ({ length }) => length);
  const last = symbols.length - 1;
  const occurs = new Uint8Array(texts.length);
  for (let index = 0; index < symbols.length; index++) occurs[symbols[index]!] = 1;
  const present = new Set(texts.filter((_text, symbol) => occurs[symbol] === 1));
  const ordered = [...present].sort(compare);
  let symbolAt = 0;
  // Characters of that symbol that the block before has taken.
  let taken = 0;
  for (;;) {
    const head = texts[symbols[symbolAt]!]!.slice(taken);
    const begun = symbolAt;
    // Where the symbol begins, counted from the block's beginning.
    let at = -taken;
    while (symbolAt < last && at + sizes[symbols[symbolAt]!]! < BLOCK)
      at += sizes[symbols[symbolAt++]!]! + 1;
    const text = texts[symbols[symbolAt]!]!;
    let cut = Math.min(text.length, BLOCK - at);
    // A run of equal characters is in one block, and so is a last character that is all that is left.
    while (cut > 0 && cut < text.length && text[cut] === text[cut - 1]) cut++;
    if (symbolAt === last && text.length - cut <= 1) cut = text.length;
    const ended = symbolAt === last && cut === text.length;
    if (symbolAt === begun) yield text.slice(taken, cut);
    else {
      const joined = text.slice(0, cut) + head;
      const all = present.has(joined) ? ordered : [...ordered, joined].sort(compare);
      const tokenOfText = new Map(all.map((each, token) => [each, token]));
      const tokenOf = Uint16Array.from(texts, (each) => tokenOfText.get(each) ?? 0);
      const counts = new Uint32Array(all.length);
      const length = symbolAt - begun;
      tokens[0] = tokenOfText.get(joined)!;
      for (let index = 1; index < length; index++)
        tokens[index] = tokenOf[symbols[begun + index]!]!;
      for (let index = 0; index < length; index++) counts[tokens[index]!]! += 1;
      yield { tokens, length, counts, texts: all, characters: at + cut };
    }
    if (ended) return;
    taken = cut;
  }
}
