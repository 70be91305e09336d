import { wipeSeed } from "../drbg/preparedSeed.ts";
import type { Made, SeedSource } from "../drbg/seedMaker.ts";
import type { ReseedReason, SeedKind } from "../port/lineage.ts";
import type { Shortfall } from "../port/seed.ts";
import type { Board } from "./board.ts";
import type { LentSeed, ToHouse } from "./protocol.ts";

/** The house answers such requests, and says why. */
const HELD: Shortfall = { type: "shortfall", unmet: ["quorum"], detail: "seeds are held" };

/**
 * Seeds of the house, in an outlet. Each is made for this very instance from material of its own and
 * has its durable record; its bytes come by message and stay nowhere else.
 */
export class LentSeeds implements SeedSource {
  readonly #board: Board;
  readonly #tell: (message: ToHouse) => void;
  readonly #waiting = new Map<number, (made: Made) => void>();
  #count = 0;

  constructor(board: Board, tell: (message: ToHouse) => void) {
    this.#board = board;
    this.#tell = tell;
  }

  unavailable(): Shortfall | null {
    return this.#board.held ? HELD : null;
  }

  make(_instance: string, kind: SeedKind, reason: ReseedReason): Promise<Made> {
    const seedNumber = ++this.#count;
    return new Promise((resolve) => {
      this.#waiting.set(seedNumber, resolve);
      this.#tell({ seedNumber, order: { kind, reason } });
    });
  }

  arrived(seedNumber: number, seed: LentSeed): void {
    const resolve = this.#waiting.get(seedNumber);
    this.#waiting.delete(seedNumber);
    if (seed.type !== "prepared") {
      resolve?.(seed);
    } else if (resolve === undefined || seed.epoch !== this.#board.dropEpoch) {
      wipeSeed(seed);
      resolve?.({ type: "dropped" });
    } else {
      resolve(seed);
    }
  }
}
