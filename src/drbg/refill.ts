import type { Cancel, Clock } from "../port/clock.ts";

// Never more often than this, however often the pool says that it has a block.
const PAUSE_MILLISECONDS = 20;
// With nothing new heard from the pool: a second, doubling to eight. Never a spin.
const FIRST_RETRY_MILLISECONDS = 1000;
const LAST_RETRY_MILLISECONDS = 8000;

/** Runs the filling of the queues in the background, through the clock. */
export class Refill {
  readonly #clock: Clock;
  readonly #fill: () => boolean;
  #lastMonotonic = -Infinity;
  #dueMonotonic = Infinity;
  #cancel: Cancel | null = null;
  #retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  #stopped = false;

  /** @param fill starts what is missing; false when something stays missing */
  constructor(clock: Clock, fill: () => boolean) {
    this.#clock = clock;
    this.#fill = fill;
  }

  /** As soon as may be. */
  request(): void {
    const since = this.#clock.monotonicMilliseconds() - this.#lastMonotonic;
    this.#at(Math.max(0, PAUSE_MILLISECONDS - since));
  }

  /** After the present pause: something is missing, and it need not be the pool that says when. */
  later(): void {
    this.#at(this.#retryMilliseconds);
  }

  /** Seeds come again: the next time of need starts with the short wait. */
  reset(): void {
    this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #at(milliseconds: number): void {
    const due = this.#clock.monotonicMilliseconds() + milliseconds;
    if (this.#stopped || due >= this.#dueMonotonic) return;
    this.#cancel?.();
    this.#dueMonotonic = due;
    this.#cancel = this.#clock.schedule(milliseconds, () => this.#run());
  }

  #run(): void {
    this.#dueMonotonic = Infinity;
    this.#cancel = null;
    this.#lastMonotonic = this.#clock.monotonicMilliseconds();
    if (this.#fill()) return;
    this.#at(this.#retryMilliseconds);
    this.#retryMilliseconds = Math.min(2 * this.#retryMilliseconds, LAST_RETRY_MILLISECONDS);
  }
}
