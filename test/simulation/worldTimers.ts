import type { Clock } from "../../src/port/clock.ts";

/** The world's own timers on the service's clock, counted apart: the service's must all be gone at its end. */
export class WorldTimers {
  readonly #clock: Clock;
  #pending = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#pending;
  }

  monotonicMilliseconds(): number {
    return this.#clock.monotonicMilliseconds();
  }

  schedule(milliseconds: number, task: () => void): void {
    this.#pending++;
    this.#clock.schedule(milliseconds, () => {
      this.#pending--;
      task();
    });
  }
}
