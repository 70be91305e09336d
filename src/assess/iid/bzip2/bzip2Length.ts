import { CyclicOrder } from "./cyclicOrder.ts";
import { BLOCK, decimalBlocks, MOST_TOKENS } from "./decimalBlocks.ts";
import { codedBits, GROUP, MOST_SYMBOLS } from "./huffman.ts";
import { lastColumn, lastColumnOf } from "./lastColumn.ts";
import { rankCounts } from "./moveToFront.ts";

/** "BZh5", and at the end a magic number of 48 bits and a checksum of 32. */
const STREAM_BITS = 32 + 80;
/** Magic number 48, checksum 32, randomised 1, origin 24, and which sixteenths of the octets occur. */
const BLOCK_BITS = 48 + 32 + 1 + 24 + 16;
const SIXTEENTH_BITS = 16;

/**
 * The compression statistic, SP 800-90B 5.1.11: how many octets `BZ2_bzBuffToBuffCompress` of libbz2
 * 1.0.8 (block size 5, work factor 0) makes of the symbols, written in decimal with a space between two.
 * Only the length is computed. bzip2 sorts the rotations of each 500,000 characters; here those of the
 * numbers are sorted, of which there are a quarter to a half as many, and the others follow.
 */
export class Bzip2Length {
  readonly #order = new CyclicOrder(MOST_TOKENS);
  readonly #tokens = new Uint16Array(MOST_TOKENS);
  readonly #column = new Uint8Array(BLOCK + 3);
  readonly #room = new Uint8Array((Math.ceil(BLOCK / GROUP) + 4) * MOST_SYMBOLS);

  /** @param valueOf the value of each symbol */
  of(symbols: Uint8Array, valueOf: Uint8Array): number {
    let bits = STREAM_BITS;
    for (const block of decimalBlocks(symbols, valueOf, this.#tokens)) {
      const column =
        typeof block === "string"
          ? lastColumnOf(block)
          : lastColumn(block, this.#order.of(block), this.#column);
      // Digits are in one sixteenth of the octets, the space in another.
      const sixteenths = typeof block === "string" ? 1 : 2;
      bits += BLOCK_BITS + sixteenths * SIXTEENTH_BITS;
      bits += codedBits(rankCounts(column, this.#room));
    }
    return Math.ceil(bits / 8);
  }
}
