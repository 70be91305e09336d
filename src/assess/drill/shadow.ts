import { setImmediate } from "node:timers/promises";
import { HealthMonitor, type HealthOptions } from "../../health/monitor.ts";
import type { DrillOutcome } from "../../port/drill.ts";
import type { Alarm, SourceState, Verdict } from "../../port/health.ts";
import type { NearUniform, SeededNoise } from "../seededNoise.ts";
import type { Exercise, Material, SampleExercise, SilenceExercise } from "./exercise.ts";

/** About half a millisecond of tests: those that answer clients come in between. */
const TURN_SAMPLES = 8192;

const nameOf = ({ test, severity }: Alarm): string => `${test}/${severity}`;

/**
 * One exercise in a monitor of its own: the same class with the same options as the live one, which it
 * shares nothing with.
 */
export class Shadow {
  readonly #options: HealthOptions;
  readonly #exercise: Exercise;
  readonly #monitor: HealthMonitor;
  readonly #material: { noise: SeededNoise; sound: NearUniform };
  readonly #alarms: Alarm[] = [];
  #previous = -1;

  constructor(options: HealthOptions, exercise: Exercise, noise: SeededNoise, sound: NearUniform) {
    this.#options = options;
    this.#exercise = exercise;
    this.#monitor = new HealthMonitor(options);
    this.#material = { noise, sound };
  }

  async run(windowSamples: number): Promise<DrillOutcome> {
    const exercise = this.#exercise;
    this.#monitor.present(0);
    if (exercise.unit === "milliseconds") {
      await this.#warmUp(windowSamples, 1);
      return this.#silence(exercise);
    }
    if (!exercise.fromPowerUp) await this.#warmUp(windowSamples, exercise.alignedTo);
    return this.#samples(exercise);
  }

  get #now(): number {
    return (this.#monitor.samples / this.#options.samplesPerSecond) * 1000;
  }

  #push(symbols: Uint8Array): Verdict {
    const verdict = this.#monitor.push(symbols, this.#now);
    this.#alarms.push(...verdict.alarms);
    this.#previous = symbols.at(-1) ?? this.#previous;
    return verdict;
  }

  async #pushInTurns(symbols: Uint8Array): Promise<void> {
    for (let from = 0; from < symbols.length; from += TURN_SAMPLES) {
      this.#push(symbols.subarray(from, from + TURN_SAMPLES));
      await setImmediate();
    }
  }

  /** Sound noise to a startup test that passed, and on to the place where the fault begins. */
  async #warmUp(windowSamples: number, alignedTo: number): Promise<void> {
    const { noise, sound } = this.#material;
    const startup = this.#options.startupSamples ?? 1024;
    const least = Math.ceil(startup / windowSamples) * windowSamples;
    const samples = Math.ceil(least / alignedTo) * alignedTo;
    for (let done = 0; done < samples; done += TURN_SAMPLES) {
      this.#push(noise.symbols(Math.min(TURN_SAMPLES, samples - done), sound));
      await setImmediate();
    }
  }

  #materialNow(): Material {
    return { ...this.#material, previous: this.#previous };
  }

  /** The first alarm of the exercise's test and severity; startup's first one is another test's. */
  #find(from: number): Alarm | undefined {
    const { test, severity } = this.#exercise;
    if (test === "startup" && severity === "intermittent")
      return this.#alarms.find((alarm) => alarm.sequence >= from);
    return this.#alarms.find(
      (alarm) => alarm.test === test && alarm.severity === severity && alarm.sequence >= from,
    );
  }

  async #samples(exercise: SampleExercise): Promise<DrillOutcome> {
    const quiet = this.#quiet();
    if (exercise.oneLess) await this.#pushInTurns(exercise.oneLess(this.#materialNow()));
    const onset = this.#monitor.samples;
    const symbols = exercise.samples(this.#materialNow());
    const { theory } = exercise;
    await this.#pushInTurns(symbols.subarray(0, theory - 1));
    const silentBelow = this.#find(0) === undefined;
    const verdict = this.#push(symbols.subarray(theory - 1, theory));
    await this.#pushInTurns(symbols.subarray(theory));
    const alarm = this.#find(onset);
    return this.#outcome(quiet, {
      observed: alarm ? alarm.sequence - onset + 1 : null,
      alarm,
      silentBelow,
      verdict,
    });
  }

  #silence({ theory }: SilenceExercise): DrillOutcome {
    const quiet = this.#quiet();
    const last = this.#now;
    // The last sample came with the last push, whose time was that of its first.
    this.#push(this.#material.noise.symbols(1, this.#material.sound));
    const silentBelow = this.#monitor.tick(last + theory - 1).alarms.length === 0;
    const verdict = this.#monitor.tick(last + theory);
    this.#alarms.push(...verdict.alarms);
    const alarm = this.#find(0);
    return this.#outcome(quiet, { observed: alarm?.observed ?? null, alarm, silentBelow, verdict });
  }

  /** Sound noise has to pass, or nothing that follows means anything. */
  #quiet(): string {
    const state = this.#monitor.state;
    const exercise = this.#exercise;
    const wanted = exercise.unit === "samples" && exercise.fromPowerUp ? "starting" : "healthy";
    if (this.#alarms.length === 0 && (state === wanted || wanted === "starting")) return "";
    return `sound noise does not pass: ${this.#alarms.map(nameOf).join(", ") || state}`;
  }

  #outcome(
    fault: string,
    found: {
      readonly observed: number | null;
      readonly alarm: Alarm | undefined;
      readonly silentBelow: boolean;
      readonly verdict: Verdict;
    },
  ): DrillOutcome {
    const { test, severity, fault: what, clause, cutoff, unit, theory } = this.#exercise;
    const { observed, alarm, silentBelow, verdict } = found;
    const live = this.#monitor.snapshot().tests.find((one) => one.test === test);
    const cutoffInUse =
      live === undefined
        ? cutoff // startup has no cutoff of its own in the configuration
        : severity === "permanent"
          ? live.cutoffPermanent
          : live.cutoffIntermittent;
    const { state, discardAccumulated } = verdict;
    const detail =
      fault ||
      (cutoffInUse === cutoff ? "" : `its cutoff is ${cutoffInUse}, by theory ${cutoff}`) ||
      (observed === null ? "no alarm came" : "") ||
      (silentBelow ? "" : "it alarmed below its cutoff") ||
      (observed === theory ? "" : `it alarmed after ${observed} ${unit}, by theory ${theory}`) ||
      this.#wrongState(state) ||
      (discardAccumulated ? "" : "what was collected was not thrown away");
    const others = this.#alarms.filter((one) => one !== alarm).map(nameOf);
    return {
      test,
      severity,
      fault: what,
      clause,
      cutoff,
      cutoffInUse,
      unit,
      theory,
      observed,
      counted: alarm?.observed ?? null,
      silentBelow,
      state,
      discarded: discardAccumulated,
      alsoRaised: [...new Set(others)],
      passed: detail === "",
      detail,
    };
  }

  /** Right after the alarm a source gives nothing: suspect or worse, and failed by a permanent one. */
  #wrongState(state: SourceState): string {
    const { test, severity } = this.#exercise;
    const allowed: readonly SourceState[] =
      severity === "permanent"
        ? ["failed"]
        : test === "total_failure"
          ? ["absent"]
          : ["suspect", "failed"];
    return allowed.includes(state) ? "" : `the source is ${state} right after it`;
  }
}
