/**
 * Throws away the first bytes after an open or a change of mode: what a kernel or a device buffered
 * before is of unknown age, and an analogue part may still be settling. They are not samples.
 */
export class Settle {
  readonly #bytes: number;
  #left: number;

  /** @param bytes how many to throw away after each start; 0 for none */
  constructor(bytes: number) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RangeError(`settleBytes must be a whole number >= 0, not ${bytes}`);
    }
    this.#bytes = bytes;
    this.#left = bytes;
  }

  restart(): void {
    this.#left = this.#bytes;
  }

  /** @returns what is left of `bytes`, as a view; empty while settling */
  take(bytes: Uint8Array): Uint8Array {
    if (this.#left === 0) return bytes;
    const dropped = Math.min(this.#left, bytes.length);
    this.#left -= dropped;
    return bytes.subarray(dropped);
  }
}
