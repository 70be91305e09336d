import type { Clock } from "../port/clock.ts";

interface Wrong {
  readonly count: number;
  readonly lastMilliseconds: number;
}

/** A person mistypes or pastes the wrong one; a program that tries does so more often. */
const FREE = 5;
const LONGEST_WAIT_MILLISECONDS = 60_000;
const FORGOTTEN_MILLISECONDS = 15 * 60_000;
/** Each is a short string and two numbers; the one that was heard of longest ago goes first. */
const ADDRESSES = 4096;

/**
 * Slows down whoever sends wrong tokens, by address. 256 bits are not to be guessed at any pace: this
 * is for the log and the processor.
 */
export class WrongTokens {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, Wrong>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until a token from there is looked at; 0 is now. */
  wait(address: string): number {
    const wrong = this.#recall(address);
    if (wrong === null || wrong.count < FREE) return 0;
    const pause = Math.min(LONGEST_WAIT_MILLISECONDS, 1000 * 2 ** (wrong.count - FREE));
    return Math.max(0, wrong.lastMilliseconds + pause - this.#clock.monotonicMilliseconds());
  }

  wrong(address: string): void {
    const count = (this.#recall(address)?.count ?? 0) + 1;
    // Anew, so that the map is in the order in which they were heard of.
    this.#byAddress.delete(address);
    this.#byAddress.set(address, {
      count,
      lastMilliseconds: this.#clock.monotonicMilliseconds(),
    });
    if (this.#byAddress.size <= ADDRESSES) return;
    for (const oldest of this.#byAddress.keys()) {
      this.#byAddress.delete(oldest);
      return;
    }
  }

  right(address: string): void {
    this.#byAddress.delete(address);
  }

  #recall(address: string): Wrong | null {
    const wrong = this.#byAddress.get(address);
    if (wrong === undefined) return null;
    const age = this.#clock.monotonicMilliseconds() - wrong.lastMilliseconds;
    if (age < FORGOTTEN_MILLISECONDS) return wrong;
    this.#byAddress.delete(address);
    return null;
  }
}
