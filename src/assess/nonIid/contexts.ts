/**
 * Contexts of up to 16 symbols, each with how often every symbol followed it: a tree that is walked
 * from the last symbol of a context to its first, so that one walk passes every length. Nodes and
 * counts stand in two open-addressing tables.
 */
export class Contexts {
  readonly #alphabet: number;
  #children: Table;
  #counts: Table;
  #nodes = 1;
  /** The most counted next symbol of a node, of several the largest; and its count. */
  #best = new Uint8Array(1024);
  #bestCount = new Int32Array(1024);

  constructor(alphabet: number) {
    this.#alphabet = alphabet;
    this.#children = new Table(1 << 12);
    this.#counts = new Table(1 << 12);
  }

  /** The empty context. */
  get root(): number {
    return 0;
  }

  /** The context that is longer by `symbol` at its front; -1 where there is none. */
  child(node: number, symbol: number): number {
    return this.#children.get(node * this.#alphabet + symbol);
  }

  /** The same, made where there is none. It has no counts yet. */
  makeChild(node: number, symbol: number): number {
    const key = node * this.#alphabet + symbol;
    const known = this.#children.get(key);
    if (known >= 0) return known;
    const made = this.#nodes++;
    if (made >= this.#best.length) {
      this.#best = grown(this.#best, new Uint8Array(this.#best.length * 2));
      this.#bestCount = grown(this.#bestCount, new Int32Array(this.#bestCount.length * 2));
    }
    this.#children.set(key, made);
    return made;
  }

  best(node: number): number {
    return this.#best[node]!;
  }

  bestCount(node: number): number {
    return this.#bestCount[node]!;
  }

  /** Counts that `symbol` followed; a pair that is new is only counted where `mayAdd`. @returns was it new */
  count(node: number, symbol: number, mayAdd: boolean): boolean {
    const key = node * this.#alphabet + symbol;
    const before = this.#counts.get(key);
    if (before < 0 && !mayAdd) return false;
    const count = before < 0 ? 1 : before + 1;
    this.#counts.set(key, count);
    const most = this.#bestCount[node]!;
    if (count > most || (count === most && symbol > this.#best[node]!)) {
      this.#best[node] = symbol;
      this.#bestCount[node] = count;
    }
    return before < 0;
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

/** Whole numbers to whole numbers, both at least 0. */
class Table {
  #keys: Float64Array;
  #values: Int32Array;
  #mask: number;
  #size = 0;

  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity).fill(-1);
    this.#values = new Int32Array(capacity);
    this.#mask = capacity - 1;
  }

  /** -1 where there is none. */
  get(key: number): number {
    const keys = this.#keys;
    for (let slot = this.#slot(key); ; slot = (slot + 1) & this.#mask) {
      const found = keys[slot]!;
      if (found === key) return this.#values[slot]!;
      if (found < 0) return -1;
    }
  }

  set(key: number, value: number): void {
    const keys = this.#keys;
    let slot = this.#slot(key);
    while (keys[slot]! >= 0 && keys[slot] !== key) slot = (slot + 1) & this.#mask;
    if (keys[slot] !== key) {
      if (this.#size * 2 > this.#mask) {
        this.#grow();
        this.set(key, value);
        return;
      }
      this.#size++;
      keys[slot] = key;
    }
    this.#values[slot] = value;
  }

  #slot(key: number): number {
    // Keys are below 2^53 / 256; the low 32 bits and the rest are mixed by Fibonacci's multiplier.
    const mixed = Math.imul(
      (key | 0) ^ Math.imul(Math.floor(key / 2 ** 32), 0x85ebca6b),
      0x9e3779b1,
    );
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#values = new Int32Array(values.length * 2);
    this.#mask = this.#keys.length - 1;
    this.#size = 0;
    for (let slot = 0; slot < keys.length; slot++)
      if (keys[slot]! >= 0) this.set(keys[slot]!, values[slot]!);
  }
}
