import { adaptiveProportionWindow } from "../standard/cutoffs.ts";
import { MINIMUM_STARTUP_SAMPLES } from "../standard/limits.ts";
import { AdaptiveProportion } from "./adaptiveProportion.ts";
import { Band, type BandOptions } from "./band.ts";
import { BlockRepetition } from "./blockRepetition.ts";
import type { Gauge } from "./gauge.ts";
import type { HealthTest } from "./healthTest.ts";
import { LAG_WINDOW_SAMPLES, LagPredictor } from "./lagPredictor.ts";
import { RepetitionCount } from "./repetitionCount.ts";

/** What the health tests of one source are computed from. */
export interface HealthOptions {
  /** Width of a symbol, 1 to 8. */
  readonly bitsPerSample: number;
  /** H: min-entropy claimed per sample, bits, 0.01 to `bitsPerSample`. */
  readonly minEntropyPerSample: number;
  /** -log2(alpha) of an intermittent alarm, 20 to 100. */
  readonly alphaIntermittentExponent: number;
  /** -log2(alpha) of a permanent alarm, at least the intermittent one's. */
  readonly alphaPermanentExponent: number;
  /** Of the APT; default 1024 for a binary source, 512 otherwise, as SP 800-90B 4.4.2 has it. */
  readonly windowSamples?: number | undefined;
  /** Default and least 1024 (SP 800-90B 4.3). */
  readonly startupSamples?: number | undefined;
  /** The source's rate, for the budget of false alarms. */
  readonly samplesPerSecond: number;
  readonly silenceMilliseconds: number;
  /** Default on, with jitterentropy's window of 131,072 samples. */
  readonly lag?: boolean | { readonly windowSamples: number } | undefined;
  /** Default off: only the device's maker can give the band. */
  readonly band?: BandOptions | undefined;
  /** Default on. */
  readonly blockRepetition?: boolean | undefined;
}

/** At most so many intermittent alarms a day may be expected of a source as good as claimed. */
export const MAXIMUM_FALSE_ALARMS_PER_DAY = 0.1;

export interface HealthPlan {
  readonly windowSamples: number;
  readonly startupSamples: number;
  /** Empty where `faults` is not. */
  readonly tests: readonly HealthTest[];
  readonly gauges: readonly Gauge[];
  /** One line each, with the option's name and what would be right. */
  readonly faults: readonly string[];
}

/** The window of each test, for the checks and for the tests alike. */
function lagWindow(lag: HealthOptions["lag"]): number | null {
  if (lag === false) return null;
  return typeof lag === "object" ? lag.windowSamples : LAG_WINDOW_SAMPLES;
}

function bandFaults(band: BandOptions, bitsPerSample: number): string[] {
  const faults: string[] = [];
  const ones = band.statistic === "ones_proportion";
  const most = ones ? 1 : bitsPerSample;
  if (ones && bitsPerSample !== 1) {
    faults.push("band.statistic: ones_proportion is for binary sources; use collision_entropy");
  }
  if (!(band.lower >= 0 && band.lower <= band.upper && band.upper <= most)) {
    faults.push(`band: 0 <= lower <= upper <= ${most} must hold`);
  }
  const window = band.windowSamples;
  if (window !== undefined && !(Number.isSafeInteger(window) && window >= 64 && window % 2 === 0)) {
    faults.push("band.windowSamples: an even number of at least 64");
  }
  return faults;
}

function fieldFaults(options: HealthOptions): string[] {
  const faults: string[] = [];
  const need = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  const { bitsPerSample: bits, minEntropyPerSample: h, samplesPerSecond } = options;
  const { alphaIntermittentExponent: intermittent, alphaPermanentExponent: permanent } = options;
  const window = options.windowSamples ?? 512;
  const startup = options.startupSamples ?? MINIMUM_STARTUP_SAMPLES;
  const lag = lagWindow(options.lag);
  need(Number.isInteger(bits) && bits >= 1 && bits <= 8, "bitsPerSample: 1 to 8");
  need(h >= 0.01 && h <= bits, `minEntropyPerSample: 0.01 to ${bits}, the width of a sample`);
  need(intermittent >= 1 && intermittent <= 100, "alphaIntermittentExponent: 1 to 100");
  need(
    permanent >= intermittent && permanent <= 200,
    "alphaPermanentExponent: from alphaIntermittentExponent to 200",
  );
  need(
    Number.isSafeInteger(window) && window >= 16 && window <= 2 ** 20,
    "windowSamples: 16 to 1,048,576",
  );
  need(
    Number.isSafeInteger(startup) && startup >= MINIMUM_STARTUP_SAMPLES,
    "startupSamples: at least 1024 (SP 800-90B 4.3)",
  );
  need(samplesPerSecond > 0 && samplesPerSecond < Infinity, "samplesPerSecond: above 0");
  need(
    options.silenceMilliseconds > 0 && options.silenceMilliseconds < Infinity,
    "silenceMilliseconds: above 0",
  );
  need(
    lag === null || (Number.isSafeInteger(lag) && lag >= 64 && lag <= 2 ** 24),
    "lag.windowSamples: 64 to 16,777,216",
  );
  if (options.band) faults.push(...bandFaults(options.band, bits));
  return faults;
}

/**
 * Computes every cutoff and builds the tests, or says all that is wrong with the options.
 * @param mostFalseAlarmsPerDay Infinity for an experiment: no budget, but what cannot be stays a fault
 */
export function planHealthTests(
  options: HealthOptions,
  mostFalseAlarmsPerDay: number = MAXIMUM_FALSE_ALARMS_PER_DAY,
): HealthPlan {
  const { bitsPerSample, minEntropyPerSample: h } = options;
  const { alphaIntermittentExponent: intermittent, alphaPermanentExponent: permanent } = options;
  const windowSamples = options.windowSamples ?? adaptiveProportionWindow(bitsPerSample);
  const startupSamples = options.startupSamples ?? MINIMUM_STARTUP_SAMPLES;
  const faults = fieldFaults(options);
  if (faults.length > 0) return { windowSamples, startupSamples, tests: [], gauges: [], faults };

  const lag = lagWindow(options.lag);
  const tests: HealthTest[] = [
    new RepetitionCount(h, intermittent, permanent),
    new AdaptiveProportion(h, windowSamples, intermittent, permanent),
  ];
  if (lag !== null) tests.push(new LagPredictor(h, intermittent, permanent, lag));
  if (options.blockRepetition !== false) {
    tests.push(new BlockRepetition(bitsPerSample, h, intermittent));
  }
  if (options.band) tests.push(new Band(options.band, intermittent, permanent));
  const gauges = tests.flatMap((test) => test.gauges);

  for (const gauge of gauges) {
    if (gauge.reachable()) continue;
    faults.push(
      `${gauge.test}: its intermittent cutoff ${gauge.cutoffIntermittent} can never be reached; use a larger alpha (a smaller alphaIntermittentExponent) or a longer window`,
    );
  }
  const perDay = gauges.reduce(
    (sum, gauge) => sum + gauge.expectedAlarmsPerDay(options.samplesPerSecond),
    0,
  );
  if (perDay > mostFalseAlarmsPerDay) {
    faults.push(
      `alphaIntermittentExponent: ${perDay.toPrecision(2)} false alarms a day are to be expected at ${options.samplesPerSecond} samples a second, at most ${mostFalseAlarmsPerDay} are allowed; raise it by at least ${Math.ceil(Math.log2(perDay / mostFalseAlarmsPerDay))}`,
    );
  }
  return { windowSamples, startupSamples, tests, gauges, faults };
}
