import type { Cancel, Clock } from "../port/clock.ts";

/**
 * Silence is seen a tenth of its cutoff late at most. Not more often than 100 ms, since every tick
 * wakes the process; nor less often than 250 ms, since windows of a slow source are closed by it and
 * a block for a fresh request is to be younger than 1 s.
 */
const SHORTEST_MILLISECONDS = 100;
const LONGEST_MILLISECONDS = 250;
/** With nothing open there is neither silence nor a window, only gaps that were not told yet. */
const ABSENT_MILLISECONDS = 1000;

/** By which time passes for a source, also for one that sends nothing. */
export class Tick {
  readonly #clock: Clock;
  readonly #silenceMilliseconds: number;
  readonly #tick: () => void;
  #cancel: Cancel | null = null;
  #stopped = false;

  /** @param silenceMilliseconds after which the health tests call the source silent */
  constructor(clock: Clock, silenceMilliseconds: number, tick: () => void) {
    this.#clock = clock;
    this.#silenceMilliseconds = silenceMilliseconds;
    this.#tick = tick;
  }

  get started(): boolean {
    return this.#cancel !== null;
  }

  /** The next one, instead of any that is due; after it comes none by itself. */
  schedule(isOpen: boolean): void {
    this.#cancel?.();
    if (this.#stopped) return;
    this.#cancel = this.#clock.schedule(this.#milliseconds(isOpen), this.#tick);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #milliseconds(isOpen: boolean): number {
    if (!isOpen) return ABSENT_MILLISECONDS;
    const tenth = this.#silenceMilliseconds / 10;
    return Math.min(LONGEST_MILLISECONDS, Math.max(SHORTEST_MILLISECONDS, tenth));
  }
}
