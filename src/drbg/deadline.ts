import type { Clock } from "../port/clock.ts";

/** A moment after which a request waits no longer for a record to become durable. */
export class Deadline {
  readonly #clock: Clock;
  readonly #dueMonotonic: number;

  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#dueMonotonic = clock.monotonicMilliseconds() + milliseconds;
  }

  get over(): boolean {
    return this.#clock.monotonicMilliseconds() >= this.#dueMonotonic;
  }

  /** @returns "late" when the time is over first; the work then goes on without its waiter */
  async within<Result>(work: Promise<Result>): Promise<Result | "late"> {
    const left = this.#dueMonotonic - this.#clock.monotonicMilliseconds();
    const { promise, resolve } = Promise.withResolvers<"late">();
    const cancel = this.#clock.schedule(Math.max(0, left), () => resolve("late"));
    try {
      return await Promise.race([work, promise]);
    } finally {
      cancel();
    }
  }
}
