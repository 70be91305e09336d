import { type Board, SLOTS } from "./board.ts";
import type { ToHouse } from "./protocol.ts";

/** In which slot of the board an outlet counts what it gives whom from which seed. */
export class Slots {
  readonly #board: Board;
  readonly #tell: (message: ToHouse) => void;
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => SLOTS - 1 - slot);
  #seed: string | null = null;
  #byPrincipal = new Map<string, number>();

  constructor(board: Board, tell: (message: ToHouse) => void) {
    this.#board = board;
    this.#tell = tell;
  }

  /** Whether that many more can be counted. */
  has(count: number): boolean {
    return this.#free.length >= count;
  }

  /** Seeds come one after the other: what is counted of one is over when the next is seen. */
  count(seed: string, principal: string, bytes: number): void {
    if (seed !== this.#seed) this.#begin(seed);
    let slot = this.#byPrincipal.get(principal);
    if (slot === undefined) {
      slot = this.#free.pop();
      if (slot === undefined) throw new Error("more seeds and principals than slots");
      this.#byPrincipal.set(principal, slot);
      this.#tell({ slot, seed, principal });
    }
    this.#board.count(slot, bytes);
  }

  /** The house has read them. */
  freed(slots: readonly number[]): void {
    this.#free.push(...slots);
  }

  #begin(seed: string): void {
    this.#seed = seed;
    if (this.#byPrincipal.size > 0) this.#tell({ full: [...this.#byPrincipal.values()] });
    this.#byPrincipal = new Map();
  }
}
