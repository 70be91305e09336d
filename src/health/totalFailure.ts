import { Gauge } from "./gauge.ts";

/** Total failure by silence: no sample for too long. Driven by `tick`, as it has no samples. */
export class TotalFailure {
  readonly gauge: Gauge;
  observedMilliseconds = 0;
  #lastMilliseconds = 0;
  #told = false;

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

  /** A sample came, or the device was opened. */
  heard(nowMilliseconds: number): void {
    this.#lastMilliseconds = nowMilliseconds;
    this.#told = false;
  }

  /** @returns true once for each silence */
  tick(nowMilliseconds: number): boolean {
    // A clock that was set back must not make silence look long, nor short for ever.
    if (nowMilliseconds < this.#lastMilliseconds) this.#lastMilliseconds = nowMilliseconds;
    const silent = nowMilliseconds - this.#lastMilliseconds;
    this.gauge.approach(silent);
    if (this.#told || silent < this.gauge.cutoffIntermittent) return false;
    this.#told = true;
    this.observedMilliseconds = silent;
    return true;
  }
}
