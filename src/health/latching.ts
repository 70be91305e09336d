import type { HealthTestName, Severity, SourceState } from "../port/health.ts";
import type { HealthHistory, Latch } from "../port/healthMemory.ts";

/** Intermittent alarms within a day that latch, as a permanent one would. */
const INTERMITTENT_ALARMS_TO_LATCH = 3;
const DAY_MILLISECONDS = 86_400_000;
/** Startup tests that fail in a row, until the source is failed. */
export const STARTUP_FAILURES_TO_LATCH = 2;

/** An alarm, as far as it counts towards a latch. */
interface CountedAlarm {
  readonly test: HealthTestName;
  readonly severity: Severity;
  readonly sequence: number;
}

/**
 * When a source is failed for good: by a permanent alarm, by the third incident in 24 h, or by a startup
 * test that fails twice in a row. Only an operator's reset takes that away.
 *
 * Times are milliseconds of the monitor's clock.
 */
export class Latching {
  #latch: Latch | null = null;
  /** Times of the last incidents, oldest first. */
  #incidents: number[] = [];
  #startupFailures = 0;
  #version = 0;

  get latch(): Latch | null {
    return this.#latch;
  }

  get startupFailures(): number {
    return this.#startupFailures;
  }

  /** Moves whenever `history` may have changed. */
  get version(): number {
    return this.#version;
  }

  history(nowMilliseconds: number): HealthHistory {
    const incidents = this.#recent(nowMilliseconds);
    return { latch: this.#latch, incidents, startupFailures: this.#startupFailures };
  }

  restore({ latch, incidents, startupFailures }: HealthHistory): void {
    this.#latch = latch;
    this.#incidents = [...incidents];
    this.#startupFailures = startupFailures;
  }

  incidentsLastDay(nowMilliseconds: number): number {
    return this.#recent(nowMilliseconds).length;
  }

  /**
   * An alarm of a source that is not failed.
   * @param state that the alarming sample found it in: while it is suspect the incident goes on
   * @returns the latch where it is failed from here on, else null
   */
  alarm(alarm: CountedAlarm, state: SourceState, nowMilliseconds: number): Latch | null {
    if (state === "starting") this.#startupFailures += 1;
    if (state !== "suspect") this.#incidents = [...this.#recent(nowMilliseconds), nowMilliseconds];
    this.#version += 1;
    const reason = this.#reason(alarm.severity);
    if (reason === null) return null;
    const { sequence } = alarm;
    const test = reason === "startup_failures" ? "startup" : alarm.test;
    this.#latch = { reason, test, sequence, atMilliseconds: nowMilliseconds };
    return this.#latch;
  }

  startupPassed(): void {
    if (this.#startupFailures > 0) this.#version += 1;
    this.#startupFailures = 0;
  }

  /** The latch is taken away, and what was counted towards one is forgotten. */
  reset(): void {
    this.#latch = null;
    this.#incidents = [];
    this.#startupFailures = 0;
    this.#version += 1;
  }

  #reason(severity: Severity): Latch["reason"] | null {
    if (severity === "permanent") return "permanent_alarm";
    if (this.#startupFailures >= STARTUP_FAILURES_TO_LATCH) return "startup_failures";
    return this.#incidents.length >= INTERMITTENT_ALARMS_TO_LATCH ? "intermittent_alarms" : null;
  }

  /** A clock that was set back makes an incident young, never forgotten. */
  #recent(nowMilliseconds: number): number[] {
    return this.#incidents.filter((at) => nowMilliseconds - at < DAY_MILLISECONDS);
  }
}
