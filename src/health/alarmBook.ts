import type { Alarm, HealthTestName, Severity } from "../port/health.ts";

export interface AlarmTotal {
  readonly test: HealthTestName;
  readonly severity: Severity;
  readonly total: number;
}

const UNITS: Partial<Record<HealthTestName, string>> = {
  repetition_count: "equal samples in a row",
  adaptive_proportion: "samples of a window equal to its first",
  lag_predictor: "right guesses in a row",
  lag_predictor_count: "right guesses in a window",
  block_repetition: "blocks in succession seen before",
  band: "counts outside the band",
  total_failure: "ms without a sample",
  startup: "startup tests failed in a row",
};

/**
 * Counts every alarm, and says which are told. A source that is failed and goes on being bad would
 * fill the log, so that after the latch each test and severity is told once more and then only
 * counted.
 */
export class AlarmBook {
  last: Alarm | null = null;
  readonly #totals = new Map<string, AlarmTotal>();
  readonly #toldSinceLatch = new Set<string>();

  /** Completes the alarm's detail, counts it, and puts it into `told` unless it is a repetition. */
  enter(alarm: Alarm, latched: boolean, told: Alarm[]): void {
    const { test, severity, observed, cutoff } = alarm;
    const key = `${test}/${severity}`;
    const total = (this.#totals.get(key)?.total ?? 0) + 1;
    this.#totals.set(key, { test, severity, total });
    this.last = {
      ...alarm,
      detail: `${Math.round(observed)} ${UNITS[test] ?? ""}, the ${severity} cutoff is ${cutoff}`,
    };
    if (latched && this.#toldSinceLatch.has(key)) return;
    if (latched) this.#toldSinceLatch.add(key);
    told.push(this.last);
  }

  /** The latch was taken away. */
  tellAgain(): void {
    this.#toldSinceLatch.clear();
  }

  totals(): readonly AlarmTotal[] {
    return [...this.#totals.values()];
  }
}
