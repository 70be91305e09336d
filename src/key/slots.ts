/**
 * A bound on slow work: at most `running` holders at once, at most `waiting` in the queue behind
 * them, in the order in which they came.
 */
export class Slots {
  readonly #limit: number;
  readonly #queueLimit: number;
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(running: number, waiting: number) {
    this.#limit = running;
    this.#queueLimit = waiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Null at once when running and queue are full. Else a promise that resolves when the slot is
   * held; the holder calls `release` once. It rejects, the place in the queue given up, once the signal fires.
   */
  acquire(signal?: AbortSignal): Promise<void> | null {
    if (this.#running < this.#limit) {
      this.#running++;
      return Promise.resolve();
    }
    if (this.#queue.length >= this.#queueLimit) return null;
    return new Promise((resolve, reject) => {
      const abandon = (): void => {
        this.#queue.splice(this.#queue.indexOf(start), 1);
        reject(signal!.reason as Error);
      };
      const start = (): void => {
        signal?.removeEventListener("abort", abandon);
        resolve();
      };
      signal?.addEventListener("abort", abandon, { once: true });
      this.#queue.push(start);
    });
  }

  release(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
  }
}
