import { MOST_AHEAD } from "./policy.ts";

/**
 * How many seeds a queue keeps ahead of need. As many as were used up while the last one was made
 * durable may be used up while the next one is, and the disk may take twice as long; less one, so that
 * a door that seldom needs a seed has no more than before. It follows demand at once, and gives way
 * by one for each seed that is used.
 */
export class SeedsAhead {
  readonly #least: number;
  #wanted: number;
  #most: number;
  #used = 0;
  #usedAtFill = 0;

  /** @param least without any demand; 0 for a queue of which nothing is prepared, ever */
  constructor(least: number) {
    this.#least = least;
    this.#wanted = least;
    this.#most = least;
  }

  get wanted(): number {
    return this.#wanted;
  }

  /** The most that were wanted: so many may be there still. */
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
    if (this.#least === 0) return;
    const wanted = Math.min(2 * (this.#used - mark) - 1, MOST_AHEAD);
    this.#wanted = Math.max(this.#least, wanted, this.#wanted - 1);
    this.#most = Math.max(this.#most, this.#wanted);
  }

  /** What was prepared was not wanted in its time, or may not be used: the pace begins anew. */
  dropped(): void {
    this.#wanted = this.#least;
    this.#most = this.#least;
  }
}
