import type { Alarm, HealthTestSnapshot, SourceState } from "../port/health.ts";
import type { AlarmTotal } from "./alarmBook.ts";
import { HealthMonitor, type HealthOptions, type Latch } from "./monitor.ts";

/** Alarms that a report lists one by one; the totals have all of them. */
const LISTED_ALARMS = 1000;
const CHUNK_SAMPLES = 65_536;
/** The same year as `standard/falseAlarms.ts` counts in. */
const YEAR_SECONDS = 365.25 * 86_400;

export interface ReplayReport {
  readonly samples: number;
  /** Samples that the monitor let through, counted push by push. */
  readonly usableSamples: number;
  /** The state at the end. */
  readonly state: SourceState;
  readonly latch: Latch | null;
  /** True when no test alarmed. */
  readonly passed: boolean;
  /** Intermittent ones, in so many independent samples that are exactly as good as claimed. */
  readonly expectedFalseAlarms: number;
  readonly alarms: readonly Alarm[];
  readonly alarmTotals: readonly AlarmTotal[];
  readonly tests: readonly (HealthTestSnapshot & { readonly alarms: number })[];
}

/**
 * A recording through the production health tests, as if it had been collected live at
 * `samplesPerSecond`. It is an experiment: the live service's budget of false alarms does not hold, and
 * the number to be expected stands beside what was found.
 * @param symbols consecutive raw samples, one a byte, right-justified
 * @throws SpringhouseError `configuration_invalid`; Error when a symbol is too wide
 */
export function replay(options: HealthOptions, symbols: Uint8Array): ReplayReport {
  const monitor = new HealthMonitor(options, Infinity);
  const alarms: Alarm[] = [];
  let usableSamples = 0;
  let now = 0;
  monitor.present(now);
  for (let from = 0; from < symbols.length; from += CHUNK_SAMPLES) {
    const chunk = symbols.subarray(from, from + CHUNK_SAMPLES);
    now = ((from + chunk.length) / options.samplesPerSecond) * 1000;
    const verdict = monitor.push(chunk, now);
    usableSamples += chunk.length - verdict.usableFrom;
    for (const alarm of verdict.alarms) if (alarms.length < LISTED_ALARMS) alarms.push(alarm);
  }
  const snapshot = monitor.snapshot(now);
  const { state, latch, tests, alarms: alarmTotals, expectedFalseAlarmsPerYear } = snapshot;
  const years = symbols.length / options.samplesPerSecond / YEAR_SECONDS;
  return {
    samples: symbols.length,
    usableSamples,
    state,
    latch,
    passed: alarmTotals.length === 0,
    expectedFalseAlarms: expectedFalseAlarmsPerYear * years,
    alarms,
    alarmTotals,
    tests: tests
      .filter((test) => test.test !== "total_failure") // a recording has no silences
      .map((test) => ({
        ...test,
        alarms: alarmTotals
          .filter((total) => total.test === test.test)
          .reduce((sum, { total }) => sum + total, 0),
      })),
  };
}
