import type { Clock } from "../port/clock.ts";

const LONGEST_SECONDS = 60;
/** One new measurement counts for an eighth, as in TCP's round-trip time (RFC 6298). */
const SHARE = 1 / 8;

/** How long the next seed will take, for Retry-After: what it took while demand outran the noise. */
export class SeedPace {
  readonly #clock: Clock;
  #secondsPerSeed = 0;
  #lastTaken: number | null = null;
  #starvedSince: number | null = null;
  #interrupted = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The pool gave a seed. Only the time since the one before, with an empty pool in between, is the
   * noise's pace: an idle service takes few seeds because it needs few.
   */
  taken(): void {
    const now = this.#clock.monotonicMilliseconds();
    if (this.#lastTaken !== null && this.#starvedSince !== null) {
      this.#secondsPerSeed += SHARE * ((now - this.#lastTaken) / 1000 - this.#secondsPerSeed);
    }
    this.#lastTaken = now;
    this.#starvedSince = null;
  }

  /** The pool does not hold enough for a seed now. */
  starved(): void {
    this.#lack(false);
  }

  /** Something other than noise is missing, such as the quorum: such a time is no pace of noise. */
  interrupted(): void {
    this.#lack(true);
    this.#lastTaken = null;
  }

  /**
   * 1 to 60. The longer nothing has come already, the longer it is likely to take: as long again.
   * @param seeds how many are missing
   */
  retryAfterSeconds(seeds: number): number {
    const since = this.#starvedSince ?? this.#clock.monotonicMilliseconds();
    const waited = (this.#clock.monotonicMilliseconds() - since) / 1000;
    const seconds = Math.max(seeds * this.#secondsPerSeed, waited);
    return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(seconds)));
  }

  /** The time of one cause says nothing about the other. */
  #lack(interrupted: boolean): void {
    if (this.#starvedSince === null || interrupted !== this.#interrupted) {
      this.#starvedSince = this.#clock.monotonicMilliseconds();
    }
    this.#interrupted = interrupted;
  }
}
