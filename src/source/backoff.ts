export interface BackoffOptions {
  /** The first delay. Default 250 ms: an unplugged cable is noticed before an operator looks. */
  readonly firstMilliseconds?: number;
  /** No delay is longer. Default 30 s: a device plugged in again is used within half a minute. */
  readonly longestMilliseconds?: number;
  /** A session that lived this long wipes out the failures before it. Default 60 s. */
  readonly goodSessionMilliseconds?: number;
}

/** When to open a source again: the delay doubles with every consecutive failure, up to a cap. */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  readonly #good: number;
  #failures = 0;

  constructor(options: BackoffOptions = {}) {
    this.#first = options.firstMilliseconds ?? 250;
    this.#longest = options.longestMilliseconds ?? 30_000;
    this.#good = options.goodSessionMilliseconds ?? 60_000;
  }

  get failures(): number {
    return this.#failures;
  }

  /**
   * A session ended.
   * @param livedMilliseconds from its open to its end; 0 when it never opened
   * @returns the milliseconds to wait before the next one
   */
  ended(livedMilliseconds: number): number {
    if (livedMilliseconds >= this.#good) this.#failures = 0;
    // 2^31 times the first delay is beyond any cap; the bound keeps the power finite.
    const delay = this.#first * 2 ** Math.min(this.#failures, 31);
    this.#failures += 1;
    return Math.min(delay, this.#longest);
  }
}
