import { refuse, SpringhouseError, type Refusal } from "../port/errors.ts";
import type {
  Alarm,
  HealthTestName,
  HealthTestSnapshot,
  Severity,
  SourceState,
  Verdict,
} from "../port/health.ts";
import type { HealthHistory, Latch } from "../port/healthMemory.ts";
import { AlarmBook, type AlarmTotal } from "./alarmBook.ts";
import { planHealthTests, type HealthOptions } from "./configuration.ts";
import type { Gauge } from "./gauge.ts";
import type { HealthTest } from "./healthTest.ts";
import { StartupProgress } from "./startup.ts";
import { TotalFailure } from "./totalFailure.ts";

export type { HealthOptions, Latch };

/** Intermittent alarms within a day that latch, as a permanent one would. */
const INTERMITTENT_ALARMS_TO_LATCH = 3;
const DAY_MILLISECONDS = 86_400_000;
/**
 * A watermark over a life only ever climbs, by chance too (the longest of N runs grows with log N):
 * whether the noise gets worse can be seen in a span of fixed length alone.
 */
const RECENT_MILLISECONDS = 600_000;
/** Startup tests that fail in a row, until the source is failed. */
const STARTUP_FAILURES_TO_LATCH = 2;

/** SP 800-90B 4.3 item 5. `abandoned`: the device went away before it was over. */
export type OnDemandTest = "none" | "running" | "passed" | "failed" | "abandoned";

export interface HealthSnapshot {
  readonly state: SourceState;
  readonly sinceMilliseconds: number;
  /** Samples tested over the life of the monitor; the next one's sequence number. */
  readonly samples: number;
  readonly tests: readonly HealthTestSnapshot[];
  readonly alarms: readonly AlarmTotal[];
  readonly lastAlarm: Alarm | null;
  readonly expectedFalseAlarmsPerYear: number;
  /** Times a source fell to suspect in the last 24 h; the third latches. */
  readonly intermittentAlarmsLastDay: number;
  readonly startupFailures: number;
  /** Of the startup test that runs or is due; 0 when healthy. */
  readonly startupSamplesRemaining: number;
  readonly latch: Latch | null;
  /** Open, and told to have sent nothing for too long: why a device that is open is absent. */
  readonly silent: boolean;
  readonly onDemandTest: OnDemandTest;
}

/** What is wrong with the options, one line each with the option's name; empty when nothing is. */
export function healthConfigurationFaults(options: HealthOptions): string[] {
  return [...planHealthTests(options).faults];
}

interface Found {
  readonly index: number;
  readonly gauge: Gauge;
  readonly observed: number;
}

/**
 * The health of one source: its tests and its state.
 *
 * `starting -> healthy -> suspect -> starting ...`, `-> failed` (latched), and `absent`: not open, or
 * open and silent. The verdict
 * is a function of the samples, not of how they were cut into pushes. A source that fell to suspect
 * stays so to the end of the APT window in progress, so that its evidence is complete (a permanent
 * cutoff may follow the intermittent one); the startup test then begins with the next window. All
 * alarms from the first to that point are one incident: an incident counts once among the three
 * that latch.
 *
 * Times are milliseconds of one clock, the caller's choice.
 */
export class HealthMonitor {
  readonly #options: HealthOptions;
  readonly #tests: readonly HealthTest[];
  readonly #gauges: readonly Gauge[];
  readonly #silence: TotalFailure;
  readonly #startup: StartupProgress;
  readonly #book = new AlarmBook();
  #state: SourceState = "absent";
  #sinceMilliseconds = 0;
  #present = false;
  /** The latest time that the monitor was told. */
  #now = 0;
  /** When the gauges' recent past began. */
  #recentSince = 0;
  #samples = 0;
  /** Times of the last incidents, oldest first. */
  #incidents: number[] = [];
  #startupFailures = 0;
  #latch: Latch | null = null;
  #historyVersion = 0;
  #onDemand: OnDemandTest = "none";

  /**
   * @param mostFalseAlarmsPerDay a live source's budget by default; Infinity for an experiment
   * @throws SpringhouseError `configuration_invalid`, with every fault of the options
   */
  constructor(options: HealthOptions, mostFalseAlarmsPerDay?: number) {
    const plan = planHealthTests(options, mostFalseAlarmsPerDay);
    if (plan.faults.length > 0) {
      throw new SpringhouseError("configuration_invalid", plan.faults.join("\n"));
    }
    this.#options = options;
    this.#tests = plan.tests;
    this.#silence = new TotalFailure(options.silenceMilliseconds);
    this.#gauges = [...plan.gauges, this.#silence.gauge];
    this.#startup = new StartupProgress(plan.startupSamples, plan.windowSamples);
  }

  get state(): SourceState {
    return this.#state;
  }

  /** Samples pushed so far: the sequence number of the next one. */
  get samples(): number {
    return this.#samples;
  }

  /** Moves whenever `history()` may have changed. */
  get historyVersion(): number {
    return this.#historyVersion;
  }

  /** What counts towards a latch, in the monitor's own time. */
  history(): HealthHistory {
    const incidents = this.#incidents.filter((at) => isRecent(at, this.#now));
    return { latch: this.#latch, incidents, startupFailures: this.#startupFailures };
  }

  /** Before the first `present`: what an earlier life of the service remembered, in this time. */
  restore({ latch, incidents, startupFailures }: HealthHistory): void {
    this.#latch = latch;
    this.#incidents = [...incidents];
    this.#startupFailures = startupFailures;
    if (latch !== null) this.#enter("failed", latch.atMilliseconds);
  }

  /**
   * Time was lost unseen (a resume, a clone): a power-up in all but name, so that the startup test
   * runs again (SP 800-90B 4.3). No alarm. A failed source stays failed.
   */
  rerun(nowMilliseconds: number): void {
    this.#now = nowMilliseconds;
    if (!this.#present) return;
    this.#silence.opened(nowMilliseconds);
    this.#restart();
    this.#enterOpen(nowMilliseconds);
  }

  /** The device was opened, for the first time or again: the startup test runs. */
  present(nowMilliseconds: number): void {
    this.#now = nowMilliseconds;
    this.#present = true;
    this.#silence.opened(nowMilliseconds);
    this.#restart();
    this.#abandonOnDemandTest();
    this.#enterOpen(nowMilliseconds);
  }

  /** The session ended. A failed source stays failed: unplugging it is no cure. */
  absent(nowMilliseconds: number = this.#now): void {
    this.#now = nowMilliseconds;
    this.#present = false;
    this.#abandonOnDemandTest();
    if (this.#state !== "failed") this.#enter("absent", nowMilliseconds);
  }

  /**
   * Samples are missing between the last push and the next. A startup test in progress, which needs
   * consecutive samples (SP 800-90B 4.3), begins anew with the next window; runs and windows go on,
   * or a device that loses samples often enough would never come to a cutoff. No alarm.
   */
  gap(): void {
    this.#startup.rewind();
  }

  /**
   * Consecutive samples, one symbol a byte, right-justified. Nothing is kept of them but what the
   * tests need.
   * @throws Error when the source is absent, or a symbol is wider than `bitsPerSample`: bugs
   */
  push(symbols: Uint8Array, nowMilliseconds: number): Verdict {
    this.#now = nowMilliseconds;
    this.#turnGauges(nowMilliseconds);
    if (!this.#present) throw new Error("samples of a source that is absent");
    this.#checkWidth(symbols);
    if (symbols.length > 0) {
      this.#silence.heard(nowMilliseconds);
      if (this.#state === "absent") this.#enter("starting", nowMilliseconds);
    }

    const first = this.#samples;
    const alarms: Alarm[] = [];
    let discard = false;
    let position = 0;
    // The index from which samples are usable, as things stand; null while they are not.
    let usableFrom: number | null = this.#state === "healthy" ? 0 : null;
    const pass = (to: number) => {
      while (position < to) {
        position += this.#passSome(to - position, nowMilliseconds);
        if (this.#state === "healthy") usableFrom ??= position;
      }
    };
    for (const { index, gauge, observed } of this.#findings(symbols)) {
      pass(index);
      if (position === index) {
        // The alarming sample itself: it belongs to the state that it finds.
        if (this.#state === "suspect" && this.#startup.samplesToWindow() === 0) {
          this.#enter("starting", nowMilliseconds);
        }
        this.#startup.skip(1);
        position += 1;
      }
      usableFrom = null;
      discard = true;
      this.#alarm(gauge, observed, first + index, nowMilliseconds, alarms);
    }
    pass(symbols.length);
    this.#samples += symbols.length;
    return {
      state: this.#state,
      usableFrom: usableFrom ?? symbols.length,
      discardAccumulated: discard,
      alarms,
    };
  }

  /**
   * Time passes. When no sample came for `silenceMilliseconds` it alarms, once for each silence, and
   * the source is absent to the next sample, with which its startup test begins. No incident: silence
   * hands out nothing, and cannot bias what comes after that test.
   */
  tick(nowMilliseconds: number): Verdict {
    this.#now = nowMilliseconds;
    this.#turnGauges(nowMilliseconds);
    const alarms: Alarm[] = [];
    const silent = this.#present && this.#silence.tick(nowMilliseconds);
    if (silent) {
      const { gauge, observedMilliseconds } = this.#silence;
      this.#tellAlarm(gauge, "intermittent", observedMilliseconds, this.#samples, alarms);
      this.#restart();
      this.#abandonOnDemandTest();
      if (this.#state !== "failed") this.#enter("absent", nowMilliseconds);
    }
    return { state: this.#state, usableFrom: 0, discardAccumulated: silent, alarms };
  }

  /**
   * Runs the startup test on fresh samples (SP 800-90B 4.3 item 5). The source is not usable until
   * it is over: passed, it is healthy again; failed, it is as any startup test that fails.
   * @returns a refusal when the source is absent or failed, else null
   */
  beginOnDemandTest(nowMilliseconds: number = this.#now): Refusal | null {
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

  /**
   * The operator takes the latch away; the startup test runs when the device is there. What was
   * counted towards latching is forgotten, totals and watermarks are not.
   * @returns a refusal when the source is not failed, else null
   */
  reset(nowMilliseconds: number): Refusal | null {
    this.#now = nowMilliseconds;
    const refusal = this.mayReset();
    if (refusal) return refusal;
    this.#latch = null;
    this.#incidents = [];
    this.#startupFailures = 0;
    this.#historyVersion += 1;
    this.#book.tellAgain();
    this.#restart();
    this.#silence.heard(nowMilliseconds);
    this.#enter(this.#present ? "starting" : "absent", nowMilliseconds);
    return null;
  }

  /** Per test, the distance to the intermittent cutoff at the closest approach since the last call. */
  takeMargins(): Partial<Record<HealthTestName, number>> {
    const margins: Partial<Record<HealthTestName, number>> = {};
    for (const gauge of this.#gauges) {
      const margin = gauge.takeMargin();
      if (margin !== null) margins[gauge.test] = margin;
    }
    return margins;
  }

  snapshot(nowMilliseconds: number = this.#now): HealthSnapshot {
    const tests = this.#gauges.map((gauge) => gauge.snapshot(this.#options.samplesPerSecond));
    return {
      state: this.#state,
      sinceMilliseconds: this.#sinceMilliseconds,
      samples: this.#samples,
      tests,
      alarms: this.#book.totals(),
      lastAlarm: this.#book.last,
      expectedFalseAlarmsPerYear: tests.reduce(
        (sum, test) => sum + test.expectedFalseAlarmsPerYear,
        0,
      ),
      intermittentAlarmsLastDay: this.#incidents.filter((at) => isRecent(at, nowMilliseconds))
        .length,
      startupFailures: this.#startupFailures,
      startupSamplesRemaining: this.#state === "healthy" ? 0 : this.#startup.remainingSamples,
      latch: this.#latch,
      silent: this.#present && this.#silence.silent,
      onDemandTest: this.#onDemand,
    };
  }

  #checkWidth(symbols: Uint8Array): void {
    if (this.#options.bitsPerSample === 8) return;
    let all = 0;
    for (let i = 0; i < symbols.length; i += 1) all |= symbols[i]!;
    if (all >>> this.#options.bitsPerSample !== 0) {
      throw new Error(`a symbol is wider than ${this.#options.bitsPerSample} bits`);
    }
  }

  /** Every test over every sample; what they found, in the order of the samples. */
  #findings(symbols: Uint8Array): Found[] {
    const found: Found[] = [];
    for (const test of this.#tests) {
      let from = 0;
      while (from < symbols.length) {
        const index = test.push(symbols, from, symbols.length);
        if (index < 0) break;
        found.push({ index, ...test.finding });
        from = index + 1;
      }
    }
    return found.sort((one, other) => one.index - other.index); // stable: tests keep their order
  }

  /** Up to `samples` pass without an alarm, as far as the state stays. Returns how many. */
  #passSome(samples: number, nowMilliseconds: number): number {
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
      if (this.#startupFailures > 0) this.#historyVersion += 1;
      this.#startupFailures = 0;
      if (this.#onDemand === "running") this.#onDemand = "passed";
      this.#enter("healthy", nowMilliseconds);
    }
    return taken;
  }

  #alarm(gauge: Gauge, observed: number, sequence: number, now: number, alarms: Alarm[]): void {
    const severity: Severity = gauge.severity(observed);
    const before = this.#state;
    this.#tellAlarm(gauge, severity, observed, sequence, alarms);
    if (before === "failed") return;

    if (before === "starting") {
      this.#startupFailures += 1;
      if (this.#onDemand === "running") this.#onDemand = "failed";
    }
    if (before !== "suspect") {
      this.#incidents = this.#incidents.filter((at) => isRecent(at, now));
      this.#incidents.push(now);
    }
    this.#historyVersion += 1;
    this.#startup.rewind();

    let reason: Latch["reason"] | null = null;
    let test = gauge.test;
    if (severity === "permanent") reason = "permanent_alarm";
    else if (this.#startupFailures >= STARTUP_FAILURES_TO_LATCH) {
      reason = "startup_failures";
      test = "startup";
      const cutoff = STARTUP_FAILURES_TO_LATCH;
      const failed = { test, sequence, observed: this.#startupFailures, cutoff, detail: "" };
      this.#book.enter({ ...failed, severity: "permanent" }, false, alarms);
    } else if (this.#incidents.length >= INTERMITTENT_ALARMS_TO_LATCH) {
      reason = "intermittent_alarms";
    }
    if (reason === null) {
      this.#enter("suspect", now);
      return;
    }
    this.#latch = { reason, test, sequence, atMilliseconds: now };
    if (this.#onDemand === "running") this.#onDemand = "failed";
    this.#enter("failed", now);
  }

  #tellAlarm(
    gauge: Gauge,
    severity: Severity,
    observed: number,
    sequence: number,
    alarms: Alarm[],
  ): void {
    const cutoff = gauge.cutoff(severity);
    const alarm = { test: gauge.test, severity, sequence, observed, cutoff, detail: "" };
    this.#book.enter(alarm, this.#state === "failed", alarms);
  }

  /** Open: its startup test runs, or begins with its first sample where it is silent as before. */
  #enterOpen(nowMilliseconds: number): void {
    if (this.#state === "failed") return;
    this.#enter(this.#silence.silent ? "absent" : "starting", nowMilliseconds);
  }

  #turnGauges(nowMilliseconds: number): void {
    const spans = (nowMilliseconds - this.#recentSince) / RECENT_MILLISECONDS;
    // A clock that was set back begins a span too, or the present one would not end.
    if (spans >= 0 && spans < 1) return;
    this.#recentSince = nowMilliseconds;
    for (const gauge of this.#gauges) {
      gauge.turn();
      if (spans >= 2) gauge.turn();
    }
  }

  #restart(): void {
    for (const test of this.#tests) test.restart();
    this.#startup.restart();
  }

  #abandonOnDemandTest(): void {
    if (this.#onDemand === "running") this.#onDemand = "abandoned";
  }

  #enter(state: SourceState, nowMilliseconds: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMilliseconds = nowMilliseconds;
  }
}

/** A clock that was set back makes an incident young, never forgotten. */
function isRecent(atMilliseconds: number, nowMilliseconds: number): boolean {
  return nowMilliseconds - atMilliseconds < DAY_MILLISECONDS;
}
