import { createCipheriv } from "node:crypto";

/** Words that are made at a time. */
const WORDS = 4096;

/**
 * A distribution of symbols: `values` symbols from 0 up at probability `probability` each, and what is
 * left of 1 for one symbol more. With `1 / values` it is uniform.
 */
export interface NearUniform {
  readonly probability: number;
  readonly values: number;
}

export function uniformOver(values: number): NearUniform {
  return { probability: 1 / values, values };
}

/**
 * Noise that everybody can make again: AES-256-CTR under a seed. For trials of the health tests, and
 * never for anything that a seed or a client gets.
 */
export class SeededNoise {
  readonly #words = new Uint32Array(WORDS);
  readonly #octets = new Uint8Array(this.#words.buffer);
  readonly #zeros = new Uint8Array(this.#octets.length);
  readonly #cipher: ReturnType<typeof createCipheriv>;
  #next = WORDS;

  /**
   * @param seed 64 hexadecimal digits
   * @param stream 0 to 2^32 - 1; each is independent of every other of the same seed
   */
  constructor(seed: string, stream = 0) {
    const counter = Buffer.alloc(16);
    counter.writeUInt32BE(stream, 4);
    this.#cipher = createCipheriv("aes-256-ctr", Buffer.from(seed, "hex"), counter);
  }

  /** 32 bits. */
  word(): number {
    if (this.#next === WORDS) {
      this.#octets.set(this.#cipher.update(this.#zeros));
      this.#next = 0;
    }
    return this.#words[this.#next++]!;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.word() * 2 ** -32;
  }

  /** 0 to `size` - 1. */
  below(size: number): number {
    return Math.floor(this.fraction() * size);
  }

  symbol({ probability, values }: NearUniform): number {
    return Math.min(values, Math.floor(this.fraction() / probability));
  }

  symbols(samples: number, distribution: NearUniform): Uint8Array {
    const symbols = new Uint8Array(samples);
    for (let at = 0; at < samples; at++) symbols[at] = this.symbol(distribution);
    return symbols;
  }
}
