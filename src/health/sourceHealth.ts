import { refuse, type Refusal } from "../port/errors.ts";
import type { Alarm, Severity, SourceState } from "../port/health.ts";
import type { HealthHistory, Latch } from "../port/healthMemory.ts";
import { AlarmBook, type AlarmTotal } from "./alarmBook.ts";
import type { Gauge } from "./gauge.ts";
import { Latching, STARTUP_FAILURES_TO_LATCH } from "./latching.ts";
import { StartupProgress } from "./startup.ts";

/** SP 800-90B 4.3 item 5. `abandoned`: the device went away before it was over. */
export type OnDemandTest = "none" | "running" | "passed" | "failed" | "abandoned";

/** A statistic of a test that reached a cutoff, and the sample with which it did. */
export interface Excess {
  readonly gauge: Gauge;
  readonly observed: number;
  readonly sequence: number;
}

export interface SourceHealthSnapshot {
  readonly state: SourceState;
  readonly sinceMilliseconds: number;
  readonly alarms: readonly AlarmTotal[];
  readonly lastAlarm: Alarm | null;
  /** Times a source fell to suspect in the last 24 h; the third latches. */
  readonly intermittentAlarmsLastDay: number;
  readonly startupFailures: number;
  /** Of the startup test that runs or is due; 0 when healthy. */
  readonly startupSamplesRemaining: number;
  readonly latch: Latch | null;
  readonly onDemandTest: OnDemandTest;
}

/**
 * The states of a source over samples that passed and alarms that were raised, whatever raised them.
 *
 * `starting -> healthy -> suspect -> starting ...`, `-> failed` (latched), and `absent`: not open, or
 * open and silent. A source that fell to suspect stays so to the end of the APT window in progress, so
 * that its evidence is complete (a permanent cutoff may follow the intermittent one); the startup test
 * then begins with the next window. All alarms from the first to that point are one incident: an
 * incident counts once among the three that latch.
 *
 * Times are milliseconds of one clock, the caller's choice.
 */
export class SourceHealth {
  readonly #startup: StartupProgress;
  readonly #latching = new Latching();
  readonly #book = new AlarmBook();
  #state: SourceState = "absent";
  #sinceMilliseconds = 0;
  #onDemand: OnDemandTest = "none";

  constructor(startupSamples: number, windowSamples: number) {
    this.#startup = new StartupProgress(startupSamples, windowSamples);
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Moves whenever `history` may have changed. */
  get historyVersion(): number {
    return this.#latching.version;
  }

  /** What counts towards a latch. */
  history(nowMilliseconds: number): HealthHistory {
    return this.#latching.history(nowMilliseconds);
  }

  restore(history: HealthHistory): void {
    this.#latching.restore(history);
    if (history.latch !== null) this.#enter("failed", history.latch.atMilliseconds);
  }

  /**
   * The tests begin anew, of a device that is open: its startup test runs, or begins with its first
   * sample where it is silent as before.
   */
  restarted(silent: boolean, nowMilliseconds: number): void {
    this.#startup.restart();
    if (this.#state !== "failed") this.#enter(silent ? "absent" : "starting", nowMilliseconds);
  }

  /** The device went away. */
  absent(nowMilliseconds: number): void {
    this.abandonOnDemandTest();
    if (this.#state !== "failed") this.#enter("absent", nowMilliseconds);
  }

  abandonOnDemandTest(): void {
    if (this.#onDemand === "running") this.#onDemand = "abandoned";
  }

  /** Samples are missing: a startup test in progress begins anew with the next window. */
  gap(): void {
    this.#startup.rewind();
  }

  /** A sample came, the first one perhaps since the device was opened or fell silent. */
  heard(nowMilliseconds: number): void {
    if (this.#state === "absent") this.#enter("starting", nowMilliseconds);
  }

  /** Up to `samples` pass without an alarm, as far as the state stays. @returns how many */
  pass(samples: number, nowMilliseconds: number): number {
    if (this.#state === "suspect") {
      const wait = this.#startup.samplesToWindow();
      if (wait > 0) {
        const skipped = Math.min(wait, samples);
        this.#startup.skip(skipped);
        return skipped;
      }
      this.#enter("starting", nowMilliseconds);
    }
    if (this.#state !== "starting") {
      this.#startup.skip(samples);
      return samples;
    }
    const taken = this.#startup.take(samples);
    if (this.#startup.remainingSamples === 0) {
      this.#latching.startupPassed();
      if (this.#onDemand === "running") this.#onDemand = "passed";
      this.#enter("healthy", nowMilliseconds);
    }
    return taken;
  }

  /** The alarming sample itself: it belongs to the state that it finds. */
  passAlarming(nowMilliseconds: number): void {
    if (this.#state === "suspect" && this.#startup.samplesToWindow() === 0) {
      this.#enter("starting", nowMilliseconds);
    }
    this.#startup.skip(1);
  }

  /** @param told takes the alarms that are to be told: this one, and a startup test's that failed */
  alarm(excess: Excess, nowMilliseconds: number, told: Alarm[]): void {
    const { gauge, observed, sequence } = excess;
    const severity = gauge.severity(observed);
    const before = this.#state;
    this.#tell(excess, severity, told);
    if (before === "failed") return;
    const counted = { test: gauge.test, severity, sequence };
    const latch = this.#latching.alarm(counted, before, nowMilliseconds);
    this.#startup.rewind();
    if (this.#onDemand === "running" && (before === "starting" || latch !== null))
      this.#onDemand = "failed";
    if (latch?.reason === "startup_failures") {
      const { test } = latch;
      const failures = this.#latching.startupFailures;
      const failed = { test, sequence, observed: failures, cutoff: STARTUP_FAILURES_TO_LATCH };
      this.#book.enter({ ...failed, severity: "permanent", detail: "" }, false, told);
    }
    this.#enter(latch === null ? "suspect" : "failed", nowMilliseconds);
  }

  /** It sent nothing for too long: absent to its next sample, which is no incident. */
  silent(excess: Excess, nowMilliseconds: number, told: Alarm[]): void {
    this.#tell(excess, "intermittent", told);
    this.#startup.restart();
    this.absent(nowMilliseconds);
  }

  /** @returns a Refusal when the source is absent or failed, else null */
  beginOnDemandTest(nowMilliseconds: number): Refusal | null {
    if (this.#state === "failed") {
      return refuse("conflict", "the source is failed", {
        remedy: "Reset it: a reset runs the startup test.",
      });
    }
    if (this.#state === "absent") return refuse("source_absent", "the source is absent");
    this.#onDemand = "running";
    // A suspect source goes on to a startup test by itself, once its window is over.
    if (this.#state !== "suspect") {
      this.#startup.rewind();
      this.#enter("starting", nowMilliseconds);
    }
    return null;
  }

  mayReset(): Refusal | null {
    if (this.#state === "failed") return null;
    return refuse("conflict", `the source is ${this.#state}, not failed`);
  }

  /** The latch is taken away; the tests begin anew where the device is there. */
  reset(present: boolean, nowMilliseconds: number): void {
    this.#latching.reset();
    this.#book.tellAgain();
    this.#startup.restart();
    this.#enter(present ? "starting" : "absent", nowMilliseconds);
  }

  snapshot(nowMilliseconds: number): SourceHealthSnapshot {
    return {
      state: this.#state,
      sinceMilliseconds: this.#sinceMilliseconds,
      alarms: this.#book.totals(),
      lastAlarm: this.#book.last,
      intermittentAlarmsLastDay: this.#latching.incidentsLastDay(nowMilliseconds),
      startupFailures: this.#latching.startupFailures,
      startupSamplesRemaining: this.#state === "healthy" ? 0 : this.#startup.remainingSamples,
      latch: this.#latching.latch,
      onDemandTest: this.#onDemand,
    };
  }

  #tell({ gauge, observed, sequence }: Excess, severity: Severity, told: Alarm[]): void {
    const cutoff = gauge.cutoff(severity);
    const alarm = { test: gauge.test, severity, sequence, observed, cutoff, detail: "" };
    this.#book.enter(alarm, this.#state === "failed", told);
  }

  #enter(state: SourceState, nowMilliseconds: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMilliseconds = nowMilliseconds;
  }
}
