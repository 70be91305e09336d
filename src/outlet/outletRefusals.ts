import { overQuota } from "../api/guard.ts";
import { LINES_PER_SECOND } from "../api/log.ts";
import { defect, placeOf, refusalOf } from "../api/problem.ts";
import { requestIds } from "../api/requestId.ts";
import type { Clock } from "../port/clock.ts";
import type { Refusal } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import type { Board } from "./board.ts";
import type { OverQuota } from "./outletBook.ts";
import type { ToHouse } from "./protocol.ts";
import type { Slots } from "./slots.ts";

/**
 * What an outlet refuses by itself. The house has every number of it on the board, and hears of as many
 * a second as its log would have lines for: a client that asks as fast as it can must not be heard by
 * the main thread at each.
 */
export class OutletRefusals {
  /** With a prefix of this thread's own. */
  readonly nextId = requestIds();
  readonly #board: Board;
  readonly #slots: Slots;
  readonly #tell: (message: ToHouse) => void;
  readonly #toldQuotas: Pace;
  readonly #toldDefects: Pace;

  constructor(
    clock: Pick<Clock, "monotonicMilliseconds">,
    board: Board,
    slots: Slots,
    tell: (message: ToHouse) => void,
  ) {
    this.#toldQuotas = new Pace(clock);
    this.#toldDefects = new Pace(clock);
    this.#board = board;
    this.#slots = slots;
    this.#tell = tell;
  }

  overQuota({ id }: Principal, { what, milliseconds }: OverQuota): Refusal {
    this.#slots.refused(id, what);
    return overQuota(what, milliseconds);
  }

  /**
   * Whether a defect may be answered here, as the log has each that is: with more of them a second the
   * house is to answer, whose draw may not have it.
   */
  mayFail({ id }: Principal, bytes: number): boolean {
    // Where it cannot be counted either: while it waited for a seed, others took the slots.
    if (!this.#slots.has(1) || !this.#toldDefects.mayTell()) return false;
    this.#slots.vain(id, bytes);
    return true;
  }

  explain(error: unknown, id: string): Refusal {
    const known = refusalOf(error);
    if (known) return known;
    this.#tell({ defect: placeOf(error), id });
    return defect();
  }

  note(refusal: Refusal, id: string, principal: Principal): void {
    this.#board.refused(refusal.code);
    if (refusal.code !== "over_quota" || this.#toldQuotas.mayTell())
      this.#tell({ refused: refusal, id, principal: principal.id });
    else this.#slots.untold(principal.id);
  }
}

/** As many in a second as the log has lines, by its own seconds: the clock is that of the house. */
class Pace {
  readonly #clock: Pick<Clock, "monotonicMilliseconds">;
  #second = -1;
  #told = 0;

  constructor(clock: Pick<Clock, "monotonicMilliseconds">) {
    this.#clock = clock;
  }

  mayTell(): boolean {
    const second = Math.floor(this.#clock.monotonicMilliseconds() / 1000);
    if (second !== this.#second) this.#told = 0;
    this.#second = second;
    return ++this.#told <= LINES_PER_SECOND;
  }
}
