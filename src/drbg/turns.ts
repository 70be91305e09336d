/** One at a time, in order, with a bounded number waiting. */
export class Turns {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param limit how many may be under way or waiting */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get full(): boolean {
    return this.#waiting >= this.#limit;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting++;
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}
