/** Nodes of contexts of one and two symbols, which are always there: 1 + a and 257 + 256 a + b. */
const FIRST = 1;
const SECOND = FIRST + 256;
const THIRD = SECOND + 65_536;

/**
 * Contexts of up to 16 symbols, each with how often every symbol followed it: a tree that is walked
 * from the last symbol of a context to its first, so that one walk passes every length. The nodes of
 * one and two symbols, where most walks end, are indices; the others, and what was counted at them,
 * stand in open-addressing tables. A node that nothing was counted at is no context yet.
 */
export class Contexts {
  readonly #children = new Table();
  readonly #counts = new Table();
  /** What was counted at the nodes of one symbol. */
  readonly #firstCounts = new Int32Array(65_536);
  #nodes = THIRD;
  /** The most counted next symbol of a node, of several the largest; and its count. */
  #best = new Uint8Array(2 ** 17);
  #bestCount = new Int32Array(2 ** 17);

  /** The empty context. */
  get root(): number {
    return 0;
  }

  /** The node that is longer by `symbol` at its front; -1 where there is none. */
  child(node: number, symbol: number): number {
    if (node < FIRST) return FIRST + symbol;
    if (node < SECOND) return SECOND + (node - FIRST) * 256 + symbol;
    return this.#children.get(node * 256 + symbol);
  }

  /** The same, made where there is none. */
  makeChild(node: number, symbol: number): number {
    const known = this.child(node, symbol);
    if (known >= 0) return known;
    const made = this.#nodes++;
    if (made >= this.#best.length) {
      this.#best = grown(this.#best, new Uint8Array(this.#best.length * 2));
      this.#bestCount = grown(this.#bestCount, new Int32Array(this.#bestCount.length * 2));
    }
    this.#children.set(node * 256 + symbol, made);
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
    const count = this.#increment(node, symbol, mayAdd);
    if (count === 0) return false;
    const most = this.#bestCount[node]!;
    if (count > most || (count === most && symbol > this.#best[node]!)) {
      this.#best[node] = symbol;
      this.#bestCount[node] = count;
    }
    return count === 1;
  }

  #increment(node: number, symbol: number, mayAdd: boolean): number {
    if (node >= SECOND) return this.#counts.increment(node * 256 + symbol, mayAdd);
    const slot = (node - FIRST) * 256 + symbol;
    const before = this.#firstCounts[slot]!;
    return before === 0 && !mayAdd ? 0 : (this.#firstCounts[slot] = before + 1);
  }
}

function grown<T extends Uint8Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

const FIRST_SLOTS = 2 ** 14;

/**
 * Numbers below 2^32 - 1 to numbers of at least 0. A node is at most about the 1.7 millionth (16
 * orders of 100,000 contexts), so it and a symbol make such a number.
 */
export class Table {
  /** One more than the key; 0 is empty. */
  #keys = new Uint32Array(FIRST_SLOTS);
  #values = new Int32Array(FIRST_SLOTS);
  #shift = 32 - Math.log2(FIRST_SLOTS);
  #size = 0;

  /** -1 where there is none. */
  get(key: number): number {
    const slot = this.#find(key + 1);
    return this.#keys[slot] === 0 ? -1 : this.#values[slot]!;
  }

  /** @param key one that is not there */
  set(key: number, value: number): void {
    const slot = this.#find(key + 1);
    this.#values[slot] = value;
    this.#keys[slot] = key + 1;
    if (++this.#size * 2 > this.#keys.length) this.#grow();
  }

  /** Adds one, to 0 where there was none. @returns what it is now; 0 where it may not be added */
  increment(key: number, mayAdd: boolean): number {
    const slot = this.#find(key + 1);
    if (this.#keys[slot] !== 0) return ++this.#values[slot]!;
    if (!mayAdd) return 0;
    this.#values[slot] = 1;
    this.#keys[slot] = key + 1;
    if (++this.#size * 2 > this.#keys.length) this.#grow();
    return 1;
  }

  /** Where it is, or would be: from the highest bits of Fibonacci's product onwards. */
  #find(entry: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = Math.imul(entry, 0x9e3779b1) >>> this.#shift;
    for (let found = keys[slot]!; found !== entry && found !== 0; found = keys[slot]!)
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Uint32Array(keys.length * 4);
    this.#values = new Int32Array(keys.length * 4);
    this.#shift -= 2;
    for (let old = 0; old < keys.length; old++) {
      const entry = keys[old]!;
      if (entry === 0) continue;
      const slot = this.#find(entry);
      this.#keys[slot] = entry;
      this.#values[slot] = values[old]!;
    }
  }
}
