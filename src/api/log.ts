import type { Clock } from "../port/clock.ts";
import type { Log } from "../port/log.ts";

export const LINES_PER_SECOND = 20;

/** Refusals can come as fast as requests; this many a second are logged, and the rest is counted. */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #second = -1;
  #lines = 0;
  #suppressed = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  refused(fields: object): void {
    this.#turn();
    if (++this.#lines > LINES_PER_SECOND) this.#suppressed++;
    else this.#log.info({ kind: "refused", ...fields }, "a request was refused");
  }

  /** So many that are not to have a line of their own. */
  suppress(count: number): void {
    this.#turn();
    this.#suppressed += count;
  }

  #turn(): void {
    const second = Math.floor(this.#clock.monotonicMilliseconds() / 1000);
    if (second === this.#second) return;
    if (this.#suppressed > 0)
      this.#log.warn(
        { kind: "refusals_suppressed", suppressed: this.#suppressed },
        "refusals without a line of their own",
      );
    this.#second = second;
    this.#lines = 0;
    this.#suppressed = 0;
  }
}
