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

  /** Whether that many more can be counted; where not, those in use are given to the house to read. */
  has(count: number): boolean {
    if (this.#free.length >= count) return true;
    this.#giveUp();
    return false;
  }

  /** Seeds come one after the other: what is counted of one is over when the next is seen. */
  count(seed: string, principal: string, bytes: number, isFirst: boolean): void {
    if (seed !== this.#seed) this.#giveUp();
    this.#seed = seed;
    let slot = this.#byPrincipal.get(principal);
    if (slot === undefined) {
      slot = this.#free.pop();
      if (slot === undefined) throw new Error("more seeds and principals than slots");
      this.#byPrincipal.set(principal, slot);
      this.#tell({ slot, seed, principal });
    }
    this.#board.count(slot, bytes, isFirst);
  }

  /** The house has read them. */
  freed(slots: readonly number[]): void {
    this.#free.push(...slots);
  }

  #giveUp(): void {
    if (this.#byPrincipal.size > 0) this.#tell({ full: [...this.#byPrincipal.values()] });
    this.#byPrincipal = new Map();
  }
}
