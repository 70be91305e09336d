/** Nodes of contexts of one and two symbols, which are always there: 1 + a and 257 + 256 a + b. */
const FIRST = 1;
const SECOND = FIRST + 256;
const THIRD = SECOND + 65_536;

/** What stands of a node side by side, in words: a node's neighbours on a path are its neighbours here. */
const WORDS = 4;
const BEST = 0;
const BEST_COUNT = 1;
/** The only child: its node (0 without one, -1 where there are several), and the symbol it is for. */
const CHILD = 2;
/** In bits 0 to 7 the symbol of the only child, in bit 8 whether several symbols followed the node. */
const FACTS = 3;
const SEVERAL = 256;

/**
 * Contexts of up to 16 symbols, each with how often every symbol followed it: a tree that is walked
 * from the last symbol of a context to its first, so that one walk passes every length. The nodes of
 * one and two symbols, where most walks end, are indices. Of the others most have one child and one
 * symbol that follows, which stand at the node; only where there are more are they in open-addressing
 * tables. A node that nothing was counted at is no context yet.
 */
export class Contexts {
  readonly #children = new Table();
  readonly #counts = new Table();
  /** What was counted at the nodes of one symbol. */
  readonly #firstCounts = new Int32Array(65_536);
  #count = THIRD;
  #nodes = new Int32Array(WORDS * 2 ** 17);

  /** The empty context. */
  get root(): number {
    return 0;
  }

  /** The node that is longer by `symbol` at its front; -1 where there is none. */
  child(node: number, symbol: number): number {
    if (node < FIRST) return FIRST + symbol;
    if (node < SECOND) return SECOND + (node - FIRST) * 256 + symbol;
    const only = this.#nodes[WORDS * node + CHILD]!;
    if (only < 0) return this.#children.get(node * 256 + symbol);
    return only > 0 && (this.#nodes[WORDS * node + FACTS]! & 255) === symbol ? only : -1;
  }

  /** The same, made where there is none. */
  makeChild(node: number, symbol: number): number {
    const known = this.child(node, symbol);
    if (known >= 0) return known;
    const made = this.#count++;
    if (WORDS * made >= this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    const nodes = this.#nodes;
    const at = WORDS * node;
    const only = nodes[at + CHILD]!;
    if (only === 0) {
      nodes[at + CHILD] = made;
      nodes[at + FACTS]! |= symbol;
      return made;
    }
    if (only > 0) {
      this.#children.set(node * 256 + (nodes[at + FACTS]! & 255), only);
      nodes[at + CHILD] = -1;
    }
    this.#children.set(node * 256 + symbol, made);
    return made;
  }

  /** The most counted next symbol of a node, of several the largest. */
  best(node: number): number {
    return this.#nodes[WORDS * node + BEST]!;
  }

  bestCount(node: number): number {
    return this.#nodes[WORDS * node + BEST_COUNT]!;
  }

  /** Counts that `symbol` followed; a pair that is new is only counted where `mayAdd`. @returns was it new */
  count(node: number, symbol: number, mayAdd: boolean): boolean {
    const nodes = this.#nodes;
    const at = WORDS * node;
    const most = nodes[at + BEST_COUNT]!;
    const isOnly = most > 0 && nodes[at + BEST] === symbol && (nodes[at + FACTS]! & SEVERAL) === 0;
    const count = isOnly && node >= SECOND ? most + 1 : this.#increment(node, symbol, mayAdd);
    if (count === 0) return false;
    if (count > most || (count === most && symbol > nodes[at + BEST]!)) {
      nodes[at + BEST] = symbol;
      nodes[at + BEST_COUNT] = count;
    }
    return count === 1;
  }

  /** What the count is now; 0 where it may not be added. */
  #increment(node: number, symbol: number, mayAdd: boolean): number {
    if (node >= SECOND) {
      const nodes = this.#nodes;
      const at = WORDS * node;
      if ((nodes[at + FACTS]! & SEVERAL) === 0) {
        if (!mayAdd) return 0;
        const most = nodes[at + BEST_COUNT]!;
        if (most === 0) return 1;
        this.#counts.set(node * 256 + nodes[at + BEST]!, most);
        nodes[at + FACTS]! |= SEVERAL;
      }
      return this.#counts.increment(node * 256 + symbol, mayAdd);
    }
    const slot = (node - FIRST) * 256 + symbol;
    const before = this.#firstCounts[slot]!;
    return before === 0 && !mayAdd ? 0 : (this.#firstCounts[slot] = before + 1);
  }
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
