import type { Gauge } from "./gauge.ts";

/** What a test had to say where `push` stopped. */
export interface Finding {
  readonly gauge: Gauge;
  readonly observed: number;
}

/**
 * A test of consecutive samples. It knows nothing of states and severities: it is a function of the
 * samples since the last `restart`, however they were cut into pushes.
 */
export interface HealthTest {
  readonly gauges: readonly Gauge[];
  /**
   * Tests `symbols[from, to)`, one symbol a byte.
   * @returns the index of the first sample that raised an alarm, or -1. After an alarm the samples
   *   up to and including it are consumed, `finding` tells what was found, and the caller goes on
   *   from the next index.
   */
  push(symbols: Uint8Array, from: number, to: number): number;
  /** Valid after `push` returned an index, until the next `push`. */
  readonly finding: Finding;
  /** Samples are missing before the next one: runs and windows begin anew. */
  restart(): void;
}
