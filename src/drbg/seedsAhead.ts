/** For so many seeds that are used, the most that was wanted stands: disks are slow now and then. */
const HELD_SEEDS = 64;

/**
 * How many seeds a queue keeps ahead of need. As many as were used up while the last one was made
 * durable may be used up while the next one is, and the disk may take twice as long; less one, so that
 * a door that seldom needs a seed has no more than before. It follows demand at once, and gives way
 * slowly. What is prepared costs nothing more until it is used, or lapses.
 */
export class SeedsAhead {
  readonly #least: number;
  readonly #highest: number;
  #wanted: number;
  /** The most that were wanted: so many may be there still. */
  #most: number;
  #used = 0;
  #usedAtFill = 0;
  #heldSince = 0;

  /**
   * @param least without any demand; 0 for a queue of which nothing is prepared, ever
   * @param highest with any
   */
  constructor(least: number, highest: number) {
    this.#least = least;
    this.#highest = highest;
    this.#wanted = least;
    this.#most = least;
  }

  get wanted(): number {
    return this.#wanted;
  }

  get most(): number {
    return this.#most;
  }

  /** Where the wait for a seed that is made now began: at the last fill, which did not know of it. */
  get mark(): number {
    return this.#usedAtFill;
  }

  /** What is missing now is being made. */
  filled(): void {
    this.#usedAtFill = this.#used;
  }

  used(): void {
    this.#used++;
  }

  /** @param mark as it was when the seed began to be made */
  arrived(mark: number): void {
    const wanted = Math.min(2 * (this.#used - mark) - 1, this.#highest);
    if (wanted >= this.#wanted) this.#want(wanted);
    else if (this.#used - this.#heldSince >= HELD_SEEDS && this.#wanted > this.#least)
      this.#want(this.#wanted - 1);
  }

  /** What was prepared was not wanted in its time, or may not be used: the pace begins anew. */
  dropped(): void {
    this.#most = this.#least;
    this.#want(this.#least);
  }

  #want(seeds: number): void {
    this.#wanted = seeds;
    this.#most = Math.max(this.#most, seeds);
    this.#heldSince = this.#used;
  }
}
