import type { HealthTestName, HealthTestSnapshot, Severity } from "../port/health.ts";
import { expectedAlarmsPerDay, expectedAlarmsPerYear } from "../standard/falseAlarms.ts";

const orNothing = (value: number): number => (value === -Infinity ? 0 : value);

export interface GaugeOptions {
  readonly test: HealthTestName;
  readonly cutoffIntermittent: number;
  /** Null switches the severity off; so does a cutoff above `maximum`. */
  readonly cutoffPermanent: number | null;
  /** The largest value that the statistic can take. */
  readonly maximum: number;
  readonly windowSamples: number | null;
  /** Probability of an intermittent alarm per sample if the claim holds exactly. */
  readonly alarmProbability: number;
}

/**
 * One statistic of one test: its two cutoffs, and how close it came to them. It moves on every
 * window, passing ones included (opentitan#9753 moved only on failures).
 */
export class Gauge {
  readonly test: HealthTestName;
  readonly cutoffIntermittent: number;
  readonly cutoffPermanent: number | null;
  readonly #maximum: number;
  readonly #windowSamples: number | null;
  readonly #alarmProbability: number;
  #watermark = -Infinity;
  #closest = -Infinity;
  #recent = -Infinity;
  #recentBefore = -Infinity;

  constructor(options: GaugeOptions) {
    this.test = options.test;
    this.cutoffIntermittent = options.cutoffIntermittent;
    const permanent = options.cutoffPermanent;
    this.cutoffPermanent = permanent !== null && permanent > options.maximum ? null : permanent;
    this.#maximum = options.maximum;
    this.#windowSamples = options.windowSamples;
    this.#alarmProbability = options.alarmProbability;
  }

  /** The statistic reached `value`. */
  approach(value: number): void {
    if (value > this.#closest) this.#closest = value;
    if (value > this.#recent) this.#recent = value;
    if (value > this.#watermark) this.#watermark = value;
  }

  /** The value at which to alarm next, when it stands at `value` and alarmed for that. */
  nextCutoff(value: number): number {
    if (value < this.cutoffIntermittent) return this.cutoffIntermittent;
    const permanent = this.cutoffPermanent ?? Infinity;
    return value < permanent ? permanent : Infinity;
  }

  severity(value: number): Severity {
    return value >= (this.cutoffPermanent ?? Infinity) ? "permanent" : "intermittent";
  }

  cutoff(severity: Severity): number {
    return severity === "permanent" && this.cutoffPermanent !== null
      ? this.cutoffPermanent
      : this.cutoffIntermittent;
  }

  /** False when the test could never fail, which FIPS 140-3 IG D.K forbids. */
  reachable(): boolean {
    return this.cutoffIntermittent <= this.#maximum;
  }

  /** Distance to the intermittent cutoff at the closest approach since the last call. */
  takeMargin(): number | null {
    const closest = this.#closest;
    this.#closest = -Infinity;
    return closest === -Infinity ? null : this.cutoffIntermittent - closest;
  }

  /** The recent past moves on: what was recent is so until the next call. */
  turn(): void {
    this.#recentBefore = this.#recent;
    this.#recent = -Infinity;
  }

  expectedAlarmsPerDay(samplesPerSecond: number): number {
    return expectedAlarmsPerDay(this.#alarmProbability, samplesPerSecond);
  }

  snapshot(samplesPerSecond: number): HealthTestSnapshot {
    return {
      test: this.test,
      cutoffIntermittent: this.cutoffIntermittent,
      cutoffPermanent: this.cutoffPermanent,
      watermark: orNothing(this.#watermark),
      recentWatermark: orNothing(Math.max(this.#recent, this.#recentBefore)),
      windowSamples: this.#windowSamples,
      expectedFalseAlarmsPerYear: expectedAlarmsPerYear(this.#alarmProbability, samplesPerSecond),
    };
  }
}
