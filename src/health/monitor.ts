import { SpringhouseError, type Refusal } from "../port/errors.ts";
import type {
  Alarm,
  HealthTestName,
  HealthTestSnapshot,
  SourceState,
  Verdict,
} from "../port/health.ts";
import type { HealthHistory, Latch } from "../port/healthMemory.ts";
import { planHealthTests, type HealthOptions } from "./configuration.ts";
import { checkWidth, findingsOf } from "./findings.ts";
import type { HealthTest } from "./healthTest.ts";
import { SourceHealth, type SourceHealthSnapshot } from "./sourceHealth.ts";
import { TotalFailure } from "./totalFailure.ts";
import { Watermarks } from "./watermarks.ts";

export type { HealthOptions, Latch };

export interface HealthSnapshot extends SourceHealthSnapshot {
  /** Samples tested over the life of the monitor; the next one's sequence number. */
  readonly samples: number;
  readonly tests: readonly HealthTestSnapshot[];
  readonly expectedFalseAlarmsPerYear: number;
  /** Open, and told to have sent nothing for too long: why a device that is open is absent. */
  readonly silent: boolean;
}

/** What is wrong with the options, one line each with the option's name; empty when nothing is. */
export function healthConfigurationFaults(options: HealthOptions): string[] {
  return [...planHealthTests(options).faults];
}

/**
 * The health of one source: its tests over every sample, and its states over what they find. The
 * verdict is a function of the samples, not of how they were cut into pushes.
 *
 * Times are milliseconds of one clock, the caller's choice.
 */
export class HealthMonitor {
  readonly #options: HealthOptions;
  readonly #tests: readonly HealthTest[];
  readonly #silence: TotalFailure;
  readonly #watermarks: Watermarks;
  readonly #health: SourceHealth;
  #present = false;
  /** The latest time that the monitor was told. */
  #now = 0;
  #samples = 0;

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
    const gauges = [...plan.gauges, this.#silence.gauge];
    this.#watermarks = new Watermarks(gauges, options.samplesPerSecond);
    this.#health = new SourceHealth(plan.startupSamples, plan.windowSamples);
  }

  get state(): SourceState {
    return this.#health.state;
  }

  /** Samples pushed so far: the sequence number of the next one. */
  get samples(): number {
    return this.#samples;
  }

  /** Moves whenever `history()` may have changed. */
  get historyVersion(): number {
    return this.#health.historyVersion;
  }

  /** What counts towards a latch, in the monitor's own time. */
  history(): HealthHistory {
    return this.#health.history(this.#now);
  }

  /** Before the first `present`: what an earlier life of the service remembered, in this time. */
  restore(history: HealthHistory): void {
    this.#health.restore(history);
  }

  /**
   * Time was lost unseen (a resume, a clone): a power-up in all but name, so that the startup test
   * runs again (SP 800-90B 4.3). No alarm. A failed source stays failed.
   */
  rerun(nowMilliseconds: number): void {
    this.#now = nowMilliseconds;
    if (this.#present) this.#restart(nowMilliseconds);
  }

  /** The device was opened, for the first time or again: the startup test runs. */
  present(nowMilliseconds: number): void {
    this.#now = nowMilliseconds;
    this.#present = true;
    this.#health.abandonOnDemandTest();
    this.#restart(nowMilliseconds);
  }

  /** The session ended. A failed source stays failed: unplugging it is no cure. */
  absent(nowMilliseconds: number = this.#now): void {
    this.#now = nowMilliseconds;
    this.#present = false;
    this.#health.absent(nowMilliseconds);
  }

  /**
   * Samples are missing between the last push and the next. A startup test in progress, which needs
   * consecutive samples (SP 800-90B 4.3), begins anew with the next window; runs and windows go on,
   * or a device that loses samples often enough would never come to a cutoff. No alarm.
   */
  gap(): void {
    this.#health.gap();
  }

  /**
   * Consecutive samples, one symbol a byte, right-justified. Nothing is kept of them but what the
   * tests need.
   * @throws Error when the source is absent, or a symbol is wider than `bitsPerSample`: bugs
   */
  push(symbols: Uint8Array, nowMilliseconds: number): Verdict {
    const health = this.#health;
    this.#now = nowMilliseconds;
    this.#watermarks.turn(nowMilliseconds);
    if (!this.#present) throw new Error("samples of a source that is absent");
    checkWidth(symbols, this.#options.bitsPerSample);
    if (symbols.length > 0) {
      this.#silence.heard(nowMilliseconds);
      health.heard(nowMilliseconds);
    }

    const first = this.#samples;
    const alarms: Alarm[] = [];
    let discard = false;
    let position = 0;
    // The index from which samples are usable, as things stand; null while they are not.
    let usableFrom: number | null = health.state === "healthy" ? 0 : null;
    const pass = (to: number) => {
      while (position < to) {
        position += health.pass(to - position, nowMilliseconds);
        if (health.state === "healthy") usableFrom ??= position;
      }
    };
    for (const { index, gauge, observed } of findingsOf(this.#tests, symbols)) {
      pass(index);
      if (position === index) {
        health.passAlarming(nowMilliseconds);
        position += 1;
      }
      usableFrom = null;
      discard = true;
      health.alarm({ gauge, observed, sequence: first + index }, nowMilliseconds, alarms);
    }
    pass(symbols.length);
    this.#samples += symbols.length;
    return {
      state: health.state,
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
    this.#watermarks.turn(nowMilliseconds);
    const alarms: Alarm[] = [];
    const silent = this.#present && this.#silence.tick(nowMilliseconds);
    if (silent) {
      const { gauge, observedMilliseconds: observed } = this.#silence;
      for (const test of this.#tests) test.restart();
      this.#health.silent({ gauge, observed, sequence: this.#samples }, nowMilliseconds, alarms);
    }
    return { state: this.state, usableFrom: 0, discardAccumulated: silent, alarms };
  }

  /**
   * Runs the startup test on fresh samples (SP 800-90B 4.3 item 5). The source is not usable until
   * it is over: passed, it is healthy again; failed, it is as any startup test that fails.
   * @returns a refusal when the source is absent or failed, else null
   */
  beginOnDemandTest(nowMilliseconds: number = this.#now): Refusal | null {
    return this.#health.beginOnDemandTest(nowMilliseconds);
  }

  mayReset(): Refusal | null {
    return this.#health.mayReset();
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
    for (const test of this.#tests) test.restart();
    this.#silence.heard(nowMilliseconds);
    this.#health.reset(this.#present, nowMilliseconds);
    return null;
  }

  /** Per test, the distance to the intermittent cutoff at the closest approach since the last call. */
  takeMargins(): Partial<Record<HealthTestName, number>> {
    return this.#watermarks.takeMargins();
  }

  snapshot(nowMilliseconds: number = this.#now): HealthSnapshot {
    const tests = this.#watermarks.snapshot();
    return {
      ...this.#health.snapshot(nowMilliseconds),
      samples: this.#samples,
      tests,
      expectedFalseAlarmsPerYear: tests.reduce(
        (sum, test) => sum + test.expectedFalseAlarmsPerYear,
        0,
      ),
      silent: this.#present && this.#silence.silent,
    };
  }

  #restart(nowMilliseconds: number): void {
    this.#silence.opened(nowMilliseconds);
    for (const test of this.#tests) test.restart();
    this.#health.restarted(this.#silence.silent, nowMilliseconds);
  }
}
