import type { Clock } from "../port/clock.ts";

/**
 * The time that counts for keys and for what is approved of them: the wall clock's, and never earlier
 * than it once was, so that a clock that jumps back un-expires nothing.
 */
export class KeyTime {
  readonly #clock: Pick<Clock, "wallMilliseconds">;
  #latest: number;

  /** @param latestMilliseconds that is known from an earlier start */
  constructor(clock: Pick<Clock, "wallMilliseconds">, latestMilliseconds = 0) {
    this.#clock = clock;
    this.#latest = latestMilliseconds;
  }

  now(): number {
    this.#latest = Math.max(this.#latest, this.#clock.wallMilliseconds());
    return this.#latest;
  }
}
