import { overQuota } from "../api/guard.ts";
import { LINES_PER_SECOND } from "../api/log.ts";
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
  readonly #clock: Pick<Clock, "monotonicMilliseconds">;
  readonly #board: Board;
  readonly #slots: Slots;
  readonly #tell: (message: ToHouse) => void;
  #second = -1;
  #told = 0;

  constructor(
    clock: Pick<Clock, "monotonicMilliseconds">,
    board: Board,
    slots: Slots,
    tell: (message: ToHouse) => void,
  ) {
    this.#clock = clock;
    this.#board = board;
    this.#slots = slots;
    this.#tell = tell;
  }

  overQuota({ id }: Principal, { what, milliseconds }: OverQuota): Refusal {
    this.#slots.refused(id, what);
    return overQuota(what, milliseconds);
  }

  note(refusal: Refusal, id: string, principal: Principal): void {
    this.#board.refused(refusal.code);
    if (this.#mayTell()) this.#tell({ refused: refusal, id, principal: principal.id });
    else this.#slots.untold(principal.id);
  }

  /** By the same seconds as the log in the house, whose clock this is. */
  #mayTell(): boolean {
    const second = Math.floor(this.#clock.monotonicMilliseconds() / 1000);
    if (second !== this.#second) this.#told = 0;
    this.#second = second;
    return ++this.#told <= LINES_PER_SECOND;
  }
}
