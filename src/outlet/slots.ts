import { type Board, SLOTS } from "./board.ts";
import type { ToHouse } from "./protocol.ts";

/** In which slot of the board an outlet counts what it gives whom from which seed, and whom it refuses. */
export class Slots {
  readonly #board: Board;
  readonly #tell: (message: ToHouse) => void;
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => SLOTS - 1 - slot);
  #seed: string | null = null;
  #byPrincipal = new Map<string, number>();
  /** Of no seed. */
  #ofRefusals = new Map<string, number>();

  constructor(board: Board, tell: (message: ToHouse) => void) {
    this.#board = board;
    this.#tell = tell;
  }

  /** Whether that many more can be counted; where not, those in use are given to the house to read. */
  has(count: number): boolean {
    if (this.#free.length >= count) return true;
    this.#giveUp();
    this.#ofRefusals = this.#given(this.#ofRefusals);
    return false;
  }

  /** Seeds come one after the other: what is counted of one is over when the next is seen. */
  count(seed: string, principal: string, bytes: number, isFirst: boolean): void {
    if (seed !== this.#seed) this.#giveUp();
    this.#seed = seed;
    this.#board.count(this.#slotOf(this.#byPrincipal, seed, principal), bytes, isFirst);
  }

  refused(principal: string, what: "requests" | "bytes"): void {
    this.#board.countRefused(this.#slotOf(this.#ofRefusals, null, principal), what);
  }

  /** A request that failed after its quota had been charged. */
  vain(principal: string, bytes: number): void {
    this.#board.countVain(this.#slotOf(this.#ofRefusals, null, principal), bytes);
  }

  /** One of those that were refused, of which the house hears no more. */
  untold(principal: string): void {
    this.#board.countUntold(this.#slotOf(this.#ofRefusals, null, principal));
  }

  /** The house has read them. */
  freed(slots: readonly number[]): void {
    this.#free.push(...slots);
  }

  #slotOf(slots: Map<string, number>, seed: string | null, principal: string): number {
    const known = slots.get(principal);
    if (known !== undefined) return known;
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("more seeds and principals than slots");
    slots.set(principal, slot);
    this.#tell({ slot, seed, principal });
    return slot;
  }

  #giveUp(): void {
    this.#byPrincipal = this.#given(this.#byPrincipal);
  }

  /** For the house to read; @returns none */
  #given(slots: ReadonlyMap<string, number>): Map<string, number> {
    if (slots.size > 0) this.#tell({ full: [...slots.values()] });
    return new Map();
  }
}
