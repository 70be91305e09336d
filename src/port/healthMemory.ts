import type { HealthTestName } from "./health.ts";

/** Why a source is failed; only an operator's reset takes it away. */
export interface Latch {
  readonly reason: "permanent_alarm" | "intermittent_alarms" | "startup_failures";
  readonly test: HealthTestName;
  /** Of the sample that latched it, in the life of the service that saw it. */
  readonly sequence: number;
  readonly atMilliseconds: number;
}

/** What counts towards failing a source for good. Times are of one clock, the holder's choice. */
export interface HealthHistory {
  readonly latch: Latch | null;
  /** Times of the incidents of the last 24 h, oldest first. */
  readonly incidents: readonly number[];
  /** Startup tests that failed in a row. */
  readonly startupFailures: number;
}

/** Keeps each source's history over restarts. Times are of the wall clock. */
export interface HealthMemory {
  /** Null: nothing counts against the source. */
  recall(source: string): HealthHistory | null;
  /** Queues the write at once, and goes on trying while the store fails. Never throws. */
  remember(source: string, history: HealthHistory): void;
}
