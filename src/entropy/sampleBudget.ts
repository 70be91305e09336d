/** How many samples a second a source may cost, with a burst of one second. */
export class SampleBudget {
  readonly #perSecond: number;
  #available: number;
  #atMilliseconds: number | null = null;

  /** @param perSecond Infinity: no bound */
  constructor(perSecond: number) {
    if (!(perSecond > 0)) throw new RangeError("a budget is above 0");
    this.#perSecond = perSecond;
    this.#available = perSecond;
  }

  /** @returns how many of `samples` are within the budget; the rest is to be dropped */
  take(samples: number, monotonicMilliseconds: number): number {
    if (this.#perSecond === Infinity) return samples;
    this.#refill(monotonicMilliseconds);
    const taken = Math.min(samples, Math.floor(this.#available));
    this.#available -= taken;
    return taken;
  }

  /** 0 when a whole burst is within it. */
  fullInMilliseconds(monotonicMilliseconds: number): number {
    if (this.#perSecond === Infinity) return 0;
    this.#refill(monotonicMilliseconds);
    return Math.ceil(((this.#perSecond - this.#available) * 1000) / this.#perSecond);
  }

  #refill(monotonicMilliseconds: number): void {
    const elapsed = monotonicMilliseconds - (this.#atMilliseconds ?? monotonicMilliseconds);
    this.#atMilliseconds = monotonicMilliseconds;
    this.#available = Math.min(
      this.#perSecond,
      this.#available + (Math.max(0, elapsed) * this.#perSecond) / 1000,
    );
  }
}
