import type { Dataset } from "./dataset.ts";

/** Symbols side by side in 32-bit words, the first in the highest bits. */
export interface Packed {
  /** One word more than is filled, so that a window may begin in the last. */
  readonly words: Uint32Array;
  readonly bitsPerSymbol: number;
  /** Symbols of a window, and its bits. */
  readonly windowSymbols: number;
  readonly windowMask: number;
  readonly length: number;
}

export function pack({ symbols, alphabet }: Dataset): Packed {
  const bitsPerSymbol = Math.max(1, Math.ceil(Math.log2(alphabet)));
  const { length } = symbols;
  const words = new Uint32Array(Math.ceil((length * bitsPerSymbol) / 32) + 2);
  let word = 0;
  let filled = 0;
  let at = 0;
  for (let index = 0; index < length; index++) {
    const symbol = symbols[index]!;
    const room = 32 - filled;
    if (bitsPerSymbol < room) {
      word = (word << bitsPerSymbol) | symbol;
      filled += bitsPerSymbol;
      continue;
    }
    const over = bitsPerSymbol - room;
    words[at++] = room === 32 ? symbol >>> over : (word << room) | (symbol >>> over);
    word = symbol & ((1 << over) - 1);
    filled = over;
  }
  if (filled > 0) words[at] = word << (32 - filled);
  const windowSymbols = Math.floor(32 / bitsPerSymbol);
  const windowMask = -1 << (32 - windowSymbols * bitsPerSymbol);
  return { words, bitsPerSymbol, windowSymbols, windowMask, length };
}

/** The 32 bits that begin with symbol `at`; zeros behind the end. All bits are fewer than 2^32. */
export function windowAt({ words, bitsPerSymbol }: Packed, at: number): number {
  const bit = at * bitsPerSymbol;
  const word = bit >>> 5;
  const shift = bit & 31;
  const high = words[word]! << shift;
  return shift === 0 ? high : high | (words[word + 1]! >>> (32 - shift));
}
