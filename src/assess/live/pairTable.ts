/**
 * (node, symbol) to a number above 0, in open addressing. Made for windows of noise: it is wiped and
 * used again, and what it outgrows is overwritten.
 */
export class PairTable {
  /** One more than node * 256 + symbol; 0 is empty. */
  #keys: Uint32Array;
  #values: Int32Array;
  #shift: number;
  #size = 0;

  /** @param slots a power of 2 */
  constructor(slots: number) {
    this.#keys = new Uint32Array(slots);
    this.#values = new Int32Array(slots);
    this.#shift = 32 - Math.log2(slots);
  }

  /** 0 where there is none. */
  get(node: number, symbol: number): number {
    return this.#values[this.#find(node * 256 + symbol + 1)]!;
  }

  /** @returns what it is now */
  add(node: number, symbol: number, number: number): number {
    const key = node * 256 + symbol + 1;
    const slot = this.#find(key);
    const sum = (this.#values[slot]! += number);
    if (this.#keys[slot] === 0) {
      this.#keys[slot] = key;
      if (++this.#size * 2 > this.#keys.length) this.#grow();
    }
    return sum;
  }

  wipe(): void {
    this.#keys.fill(0);
    this.#values.fill(0);
    this.#size = 0;
  }

  /** Where it is, or would be: from the highest bits of Fibonacci's product onwards. */
  #find(key: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    for (let found = keys[slot]!; found !== key && found !== 0; found = keys[slot]!)
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#values = new Int32Array(keys.length * 2);
    this.#shift -= 1;
    for (let old = 0; old < keys.length; old++) {
      const key = keys[old]!;
      if (key === 0) continue;
      const slot = this.#find(key);
      this.#keys[slot] = key;
      this.#values[slot] = values[old]!;
    }
    keys.fill(0);
    values.fill(0);
  }
}
