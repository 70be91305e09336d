/** Of one column of the picture. */
export const BITS = 32;

/** A sequence of bits, most significant first, cut into columns. */
export class Columns {
  readonly #bitsPerSample: number;
  #column: number[] = [];

  constructor(bitsPerSample: number) {
    this.#bitsPerSample = bitsPerSample;
  }

  /** @returns whole columns of 0 and 1; what is left waits for the next samples */
  add(symbols: Uint8Array): number[][] {
    const whole: number[][] = [];
    for (const symbol of symbols)
      for (let bit = this.#bitsPerSample - 1; bit >= 0; bit--) {
        this.#column.push((symbol >> bit) & 1);
        if (this.#column.length < BITS) continue;
        whole.push(this.#column);
        this.#column = [];
      }
    return whole;
  }
}
