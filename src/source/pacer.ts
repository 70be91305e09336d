import type { Clock } from "../port/clock.ts";

/** Chunks a second at which an endless source is read: often enough to be smooth, cheap when idle. */
const CHUNKS_PER_SECOND = 8;

/**
 * How many samples an endless source may be asked for by now. Time is measured from the start, so
 * rounding and late timers do not add up; what was missed beyond one second (a suspend, a stalled
 * process) is forgiven and not caught up in a burst.
 */
export class Pacer {
  readonly intervalMilliseconds: number;
  readonly #clock: Clock;
  readonly #samplesPerSecond: number;
  readonly #burstSamples: number;
  #origin: number;
  #given = 0;

  /** @param chunksPerSecond how often the source is read at most */
  constructor(clock: Clock, samplesPerSecond: number, chunksPerSecond = CHUNKS_PER_SECOND) {
    if (!(samplesPerSecond > 0 && Number.isFinite(samplesPerSecond))) {
      throw new RangeError(`samplesPerSecond must be above 0, and is ${samplesPerSecond}`);
    }
    this.#clock = clock;
    this.#samplesPerSecond = samplesPerSecond;
    this.#burstSamples = Math.max(1, Math.floor(samplesPerSecond));
    this.intervalMilliseconds = Math.max(1000 / chunksPerSecond, 1000 / samplesPerSecond);
    this.#origin = clock.monotonicMilliseconds();
  }

  /** Samples that are due and not yet taken; never more than one second's worth (at least 1). */
  due(): number {
    const now = this.#clock.monotonicMilliseconds();
    const earned = Math.floor(((now - this.#origin) * this.#samplesPerSecond) / 1000);
    if (earned - this.#given > this.#burstSamples) {
      this.#origin = now;
      this.#given = -this.#burstSamples;
      return this.#burstSamples;
    }
    return Math.max(0, earned - this.#given);
  }

  taken(samples: number): void {
    this.#given += samples;
  }
}
