import { Table } from "./contexts.ts";

const MOST_CONTEXTS = 65_536;

/** The longest context, in symbols. */
export const LONGEST = 16;

/**
 * Which contexts LZ78Y counts at (SP 800-90B 6.3.10): all of up to 16 symbols, as they come, until there
 * are 65,536. A tree that is walked from a context's last symbol to its first.
 */
export class Dictionary {
  readonly #symbols: Uint8Array;
  readonly #children = new Table();
  /** From a context of 16 symbols and the next symbol to the next such context. */
  readonly #transitions = new Table();
  #size = 0;
  /** The context of 16 symbols before the last sample that was added; -1 at first. */
  #whole = -1;
  /** The first sample whose contexts did not all find room; Infinity until then. */
  fullAt = Infinity;
  /** Of that sample's contexts those from this length on are in it too, since the longest go in first. */
  shortestAtFull = LONGEST + 1;

  constructor(symbols: Uint8Array) {
    this.#symbols = symbols;
  }

  /** Adds the contexts before sample `at`, one sample after the other until it is full. */
  add(at: number): void {
    const front = this.#symbols[at - 1]!;
    // What followed a known context before is known in all lengths.
    const known = this.#whole < 0 ? -1 : this.#transitions.get(this.#whole * 256 + front);
    if (known >= 0) {
      this.#whole = known;
      return;
    }
    const length = this.knownLength(at);
    const missing = LONGEST - length;
    if (this.#size + missing > MOST_CONTEXTS) {
      this.fullAt = at;
      this.shortestAtFull = LONGEST + 1 - (MOST_CONTEXTS - this.#size);
      return;
    }
    let node = 0;
    for (let depth = 0; depth < LONGEST; depth++) {
      const key = node * 256 + this.#symbols[at - 1 - depth]!;
      node = depth < length ? this.#children.get(key) : ++this.#size;
      if (depth >= length) this.#children.set(key, node);
    }
    if (this.#whole >= 0) this.#transitions.set(this.#whole * 256 + front, node);
    this.#whole = node;
  }

  /**
   * How many symbols the longest context before sample `at` has that is in it with all shorter ones;
   * what `shortestAtFull` says is left out.
   */
  knownLength(at: number): number {
    let node = 0;
    for (let depth = 0; depth < LONGEST; depth++) {
      node = this.#children.get(node * 256 + this.#symbols[at - 1 - depth]!);
      if (node < 0) return depth;
    }
    return LONGEST;
  }
}
