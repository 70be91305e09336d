import { Gauge } from "./gauge.ts";

/**
 * A device that was just opened may take its time: a source throws away the first bytes after an
 * open (a TrueRNGpro's took 1.3 s here), and a serial source itself gives up after 5 s.
 */
export const SETTLING_MILLISECONDS = 5000;

/** Total failure by silence: no sample for too long. Driven by `tick`, as it has no samples. */
export class TotalFailure {
  readonly gauge: Gauge;
  observedMilliseconds = 0;
  #lastMilliseconds = 0;
  #told = false;
  /** When the device was opened, while it has not sent anything since. */
  #openedMilliseconds: number | null = null;

  constructor(silenceMilliseconds: number) {
    this.gauge = new Gauge({
      test: "total_failure",
      cutoffIntermittent: silenceMilliseconds,
      cutoffPermanent: null,
      maximum: Infinity,
      windowSamples: null,
      // Silence is not a matter of chance at the rate that was configured.
      alarmProbability: 0,
    });
  }

  /** Told of a silence, and no sample came since. */
  get silent(): boolean {
    return this.#told;
  }

  /**
   * The device was opened: silence counts once it has settled, or from its first sample on. A silence
   * that was told of goes on until a sample comes: opening a dead device again is no news.
   */
  opened(nowMilliseconds: number): void {
    const told = this.#told;
    this.heard(nowMilliseconds + SETTLING_MILLISECONDS);
    this.#told = told;
    this.#openedMilliseconds = nowMilliseconds;
  }

  /** A sample came. */
  heard(nowMilliseconds: number): void {
    this.#openedMilliseconds = null;
    this.#lastMilliseconds = nowMilliseconds;
    this.#told = false;
  }

  /** @returns true once for each silence */
  tick(nowMilliseconds: number): boolean {
    // A clock that was set back must not make silence look long, nor short for ever.
    if (this.#openedMilliseconds !== null) {
      if (nowMilliseconds < this.#openedMilliseconds) this.opened(nowMilliseconds);
      if (nowMilliseconds < this.#lastMilliseconds) return false;
    }
    if (nowMilliseconds < this.#lastMilliseconds) this.#lastMilliseconds = nowMilliseconds;
    const silent = nowMilliseconds - this.#lastMilliseconds;
    this.gauge.approach(silent);
    if (this.#told || silent < this.gauge.cutoffIntermittent) return false;
    this.#told = true;
    this.observedMilliseconds = silent;
    return true;
  }
}
