import { createCipheriv } from "node:crypto";
import type { OrderKernel } from "../../kernel/order/orderKernel.ts";

/** The most symbols that are shuffled. */
export const MOST_SYMBOLS = 2 ** 21;

/** Octets of random numbers that are made at a time: few enough for the cache next to the processor. */
export const RANDOM_OCTETS = 16_384;

/** Puts symbols in another order where they stand, every order as likely as any other (Fisher-Yates). */
export class Shuffle {
  readonly #kernel: OrderKernel;
  readonly #words: Uint8Array;
  readonly #zeros = new Uint8Array(RANDOM_OCTETS);

  constructor(kernel: OrderKernel) {
    this.#kernel = kernel;
    this.#words = kernel.allocate(RANDOM_OCTETS);
  }

  /**
   * The numbers are AES-256-CTR keyed with the seed, so that whoever has it can draw every permutation of
   * a report again, each without those before it.
   * @param symbols up to `MOST_SYMBOLS`, in the kernel's memory
   * @param seed 64 hexadecimal digits
   * @param permutation stands in the first half of the counter block
   */
  apply(symbols: Uint8Array, seed: string, permutation: number): void {
    const counter = Buffer.alloc(16);
    counter.writeUInt32BE(permutation, 4);
    const cipher = createCipheriv("aes-256-ctr", Buffer.from(seed, "hex"), counter);
    for (let left = symbols.length; left > 1;) {
      this.#words.set(cipher.update(this.#zeros));
      left = this.#kernel.exchange(symbols, left, this.#words);
    }
  }
}
