/**
 * The states of DESIGN section 5, the same in the API, the metrics, the log and the documentation.
 * `absent` covers unplugged, silent (at the handshake or later) and not permitted.
 */
export const SOURCE_STATES = ["starting", "healthy", "suspect", "failed", "absent"] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/** Names of the health tests, as they stand in alarms, metrics and the documentation. */
export const HEALTH_TESTS = [
  "repetition_count", // SP 800-90B 4.4.1
  "adaptive_proportion", // SP 800-90B 4.4.2
  "lag_predictor", // developer-defined, SP 800-90B 4.5: a run of right guesses
  "lag_predictor_count", // the same predictor: right guesses in a window
  "block_repetition", // developer-defined: a whole block seen again
  "band", // developer-defined: two-sided, from the device's physics
  "total_failure", // silence
  "startup", // a startup test that failed twice
] as const;
export type HealthTestName = (typeof HEALTH_TESTS)[number];

export const SEVERITIES = ["intermittent", "permanent"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One verdict of one health test against one source. Holds no sample. */
export interface Alarm {
  readonly test: HealthTestName;
  readonly severity: Severity;
  /** Number of the sample that raised it, counted from 0 over the life of the service. */
  readonly sequence: number;
  /** What was counted, and the cutoff that it reached. */
  readonly observed: number;
  readonly cutoff: number;
  /** One line for people. */
  readonly detail: string;
}

/** What one `push` of samples to a health monitor came to. */
export interface Verdict {
  /** The state after the push. */
  readonly state: SourceState;
  /**
   * Samples `[usableFrom, length)` of the push passed while the source was healthy and may be
   * conditioned; `usableFrom === length` when none may.
   */
  readonly usableFrom: number;
  /** An alarm fired: everything of this source that is not yet in a seed must be thrown away. */
  readonly discardAccumulated: boolean;
  readonly alarms: readonly Alarm[];
}

/** A live test, for status and metrics: how close it came, and what that is worth. */
export interface HealthTestSnapshot {
  readonly test: HealthTestName;
  /** Null: this severity is switched off, because its cutoff could never be reached. */
  readonly cutoffIntermittent: number | null;
  readonly cutoffPermanent: number | null;
  /** Closest approach to the cutoff since the start, in the cutoff's own unit; it moves on passes. */
  readonly watermark: number;
  /** The same over the last ten to twenty minutes; 0 where nothing was tested in them. */
  readonly recentWatermark: number;
  /** Samples in a window; null for tests without one. */
  readonly windowSamples: number | null;
  /** Expected intermittent alarms a year at the configured rate if the claim holds exactly. */
  readonly expectedFalseAlarmsPerYear: number;
}
