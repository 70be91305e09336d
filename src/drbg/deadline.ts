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
  within<Result>(work: Promise<Result>): Promise<Result | "late"> {
    const left = this.#dueMonotonic - this.#clock.monotonicMilliseconds();
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.schedule(Math.max(0, left), () => resolve("late"));
      work.then(
        (result) => {
          cancel();
          resolve(result);
        },
        (error: unknown) => {
          cancel();
          reject(error);
        },
      );
    });
  }
}
