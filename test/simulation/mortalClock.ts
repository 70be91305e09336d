import type { Cancel, Clock } from "../../src/port/clock.ts";

/** A process's view of the clock: when the process is killed, none of its timers fires any more. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Cancel>();
  #alive = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pending(): number {
    return this.#pending.size;
  }

  wallMilliseconds(): number {
    return this.#clock.wallMilliseconds();
  }

  monotonicMilliseconds(): number {
    return this.#clock.monotonicMilliseconds();
  }

  schedule(milliseconds: number, task: () => void): Cancel {
    if (!this.#alive) return () => {};
    const forget: Cancel = () => {
      cancel();
      this.#pending.delete(forget);
    };
    const cancel = this.#clock.schedule(milliseconds, () => {
      this.#pending.delete(forget);
      task();
    });
    this.#pending.add(forget);
    return forget;
  }

  kill(): void {
    this.#alive = false;
    for (const cancel of this.#pending) cancel();
  }
}
