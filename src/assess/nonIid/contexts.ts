/** Nodes of contexts of one and two symbols, which are always there: 1 + a and 257 + 256 a + b. */
const FIRST = 1;
const SECOND = FIRST + 256;
const THIRD = SECOND + 65_536;

/** What stands of a node side by side, in words. */
const WORDS = 4;
/** A sample that a row's contexts stand before. */
const PLACE = 0;
const BEST_COUNT = 1;
/** The only child of a row's last: its node (0 without one, -1 where there are several). */
const CHILD = 2;
/** In bits 0 to 7 the symbol of the only child, and from these on the rest. */
const FACTS = 3;
const BEST_SHIFT = 8;
const MORE_SHIFT = 16;
const MOST_MORE = 15;
/** Several symbols followed. */
const SEVERAL = 1 << 20;

/**
 * Contexts of up to 16 symbols, each with how often every symbol followed it: a tree that is walked
 * from the last symbol of a context to its first, so that one walk passes every length. The nodes of
 * one and two symbols, where most walks end, are indices. Of the others most have one child and one
 * symbol that follows, which stand at the node; only where there are more are they in open-addressing
 * tables. A node that nothing was counted at is no context yet.
 *
 * The nodes of contexts that are each a symbol longer than the one before follow one another. As long as one
 * symbol followed them all, and as often, they are a row: what stands at the first is true of all, so that
 * what repeats itself passes all of them at once.
 */
export class Contexts {
  readonly #symbols: Uint8Array;
  readonly #children = new Table();
  readonly #counts = new Table();
  /** What was counted at the nodes of one symbol. */
  readonly #firstCounts = new Int32Array(65_536);
  #count = THIRD;
  #nodes = new Int32Array(WORDS * 2 ** 17);

  constructor(symbols: Uint8Array) {
    this.#symbols = symbols;
  }

  /** The empty context. */
  get root(): number {
    return 0;
  }

  /** Whether the node for contexts of `size` symbols is always there. */
  isThere(size: number): boolean {
    return size <= 2;
  }

  /** The row that begins one longer than this one ends, by `symbol` at its front; -1 where there is none. */
  child(node: number, symbol: number): number {
    if (node < FIRST) return FIRST + symbol;
    if (node < SECOND) return SECOND + (node - FIRST) * 256 + symbol;
    const only = this.#nodes[WORDS * node + CHILD]!;
    if (only < 0) return this.#children.get((node + this.more(node)) * 256 + symbol);
    return only > 0 && (this.#nodes[WORDS * node + FACTS]! & 255) === symbol ? only : -1;
  }

  /** How many contexts of a node are longer than its shortest. */
  more(node: number): number {
    return (this.#nodes[WORDS * node + FACTS]! >>> MORE_SHIFT) & MOST_MORE;
  }

  /** How many of those stand before sample `at`, as the shortest does. @param size its symbols */
  moreBefore(at: number, node: number, size: number): number {
    const more = this.more(node);
    if (more === 0) return 0;
    const symbols = this.#symbols;
    const [here, there] = [at - size - 1, this.#nodes[WORDS * node + PLACE]! - size - 1];
    let same = 0;
    while (same < more && symbols[here - same] === symbols[there - same]) same++;
    return same;
  }

  /** The most counted next symbol of a node, of several the largest. */
  best(node: number): number {
    return (this.#nodes[WORDS * node + FACTS]! >>> BEST_SHIFT) & 255;
  }

  bestCount(node: number): number {
    return this.#nodes[WORDS * node + BEST_COUNT]!;
  }

  /** Adds a child to a row: one that sample `at` followed once. @param size symbols of its shortest context */
  add(row: number, at: number, size: number, more: number): void {
    const made = this.#count;
    this.#count += 1 + more;
    if (WORDS * this.#count > this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    const nodes = this.#nodes;
    const front = this.#symbols[at - size]!;
    nodes[WORDS * made + PLACE] = at;
    nodes[WORDS * made + BEST_COUNT] = 1;
    nodes[WORDS * made + FACTS] = (this.#symbols[at]! << BEST_SHIFT) | (more << MORE_SHIFT);
    const last = row + this.more(row);
    const parent = WORDS * row;
    const only = nodes[parent + CHILD]!;
    if (only === 0) {
      nodes[parent + CHILD] = made;
      nodes[parent + FACTS]! |= front;
      return;
    }
    if (only > 0) {
      this.#children.set(last * 256 + (nodes[parent + FACTS]! & 255), only);
      nodes[parent + CHILD] = -1;
    }
    this.#children.set(last * 256 + front, made);
  }

  /**
   * Leaves a row its shortest context and `more` others. @param size as above
   * @returns the rest, which is its child
   */
  part(row: number, size: number, more: number): number {
    const rest = row + more + 1;
    const nodes = this.#nodes;
    const [from, to] = [WORDS * row, WORDS * rest];
    const place = nodes[from + PLACE]!;
    const facts = nodes[from + FACTS]!;
    const best = facts & (255 << BEST_SHIFT);
    nodes[to + PLACE] = place;
    nodes[to + BEST_COUNT] = nodes[from + BEST_COUNT]!;
    nodes[to + CHILD] = nodes[from + CHILD]!;
    nodes[to + FACTS] = facts - ((more + 1) << MORE_SHIFT);
    nodes[from + CHILD] = rest;
    nodes[from + FACTS] = this.#symbols[place - size - more - 1]! | best | (more << MORE_SHIFT);
    return rest;
  }

  /** Counts that what follows a row did once more. */
  countRow(node: number): void {
    this.#nodes[WORDS * node + BEST_COUNT]! += 1;
  }

  /**
   * Counts that `symbol` followed the one context of a node; a pair that is new is only counted where
   * `mayAdd`. @returns was it new
   */
  count(node: number, symbol: number, mayAdd: boolean): boolean {
    const nodes = this.#nodes;
    const at = WORDS * node;
    const most = nodes[at + BEST_COUNT]!;
    const count = this.#increment(node, symbol, mayAdd);
    if (count === 0) return false;
    const best = (nodes[at + FACTS]! >>> BEST_SHIFT) & 255;
    if (count > most || (count === most && symbol > best)) {
      nodes[at + FACTS] = (nodes[at + FACTS]! & ~(255 << BEST_SHIFT)) | (symbol << BEST_SHIFT);
      nodes[at + BEST_COUNT] = count;
    }
    return count === 1;
  }

  /** What the count is now; 0 where it may not be added. */
  #increment(node: number, symbol: number, mayAdd: boolean): number {
    if (node >= SECOND) {
      const nodes = this.#nodes;
      const at = WORDS * node;
      const facts = nodes[at + FACTS]!;
      if ((facts & SEVERAL) === 0) {
        const [best, most] = [(facts >>> BEST_SHIFT) & 255, nodes[at + BEST_COUNT]!];
        if (most > 0 && best === symbol) return most + 1;
        if (!mayAdd) return 0;
        if (most === 0) return 1;
        this.#counts.set(node * 256 + best, most);
        nodes[at + FACTS] = facts | SEVERAL;
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
  /** Of each slot one more than the key, 0 where it is empty, and the value: one line of the cache has both. */
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  #shift = 32 - Math.log2(FIRST_SLOTS);
  #size = 0;

  /** -1 where there is none. */
  get(key: number): number {
    const at = this.#find(key + 1);
    return this.#slots[at] === 0 ? -1 : this.#slots[at + 1]!;
  }

  /** @param key one that is not there */
  set(key: number, value: number): void {
    this.#put(this.#find(key + 1), key + 1, value);
  }

  /** Adds one, to 0 where there was none. @returns what it is now; 0 where it may not be added */
  increment(key: number, mayAdd: boolean): number {
    const at = this.#find(key + 1);
    if (this.#slots[at] !== 0) return ++this.#slots[at + 1]!;
    if (!mayAdd) return 0;
    this.#put(at, key + 1, 1);
    return 1;
  }

  /** Where it is, or would be: from the highest bits of Fibonacci's product onwards. */
  #find(entry: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (Math.imul(entry, 0x9e3779b1) >>> this.#shift) << 1;
    for (let found = slots[at]!; found !== entry && found !== 0; found = slots[at]!)
      at = (at + 2) & mask;
    return at;
  }

  #put(at: number, entry: number, value: number): void {
    this.#slots[at] = entry;
    this.#slots[at + 1] = value;
    if (++this.#size * 4 > this.#slots.length) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 4);
    this.#shift -= 2;
    for (let from = 0; from < old.length; from += 2) {
      const entry = old[from]!;
      if (entry === 0) continue;
      const at = this.#find(entry);
      this.#slots[at] = entry;
      this.#slots[at + 1] = old[from + 1]!;
    }
  }
}
