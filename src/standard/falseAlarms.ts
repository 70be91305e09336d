import { log2BinomialTail } from "./binomial.ts";

/*
 * What the tests cost a source that is exactly as good as claimed: independent samples, the
 * likeliest value at probability p = 2^-H. Among such sources the one with as many values at p as
 * fit and the remainder in one more value ("inverted near-uniform") alarms most.
 */

const SECONDS_PER_DAY = 86_400;
const DAYS_PER_YEAR = 365.25;

/** Values of the inverted near-uniform source: probability, and how many values have it. */
function nearUniform(entropy: number): readonly (readonly [probability: number, values: number])[] {
  const p = 2 ** -entropy;
  const values = Math.floor(1 / p);
  return [
    [p, values],
    [Math.max(0, 1 - values * p), 1],
  ];
}

/**
 * Probability that a given sample raises the repetition count test: for each value, one sample that
 * differs and then `cutoff` in a row, so the sum of (1 - p) p^C. One alarm a run.
 */
export function repetitionCountAlarmProbability(entropy: number, cutoff: number): number {
  return nearUniform(entropy).reduce((sum, [p, n]) => sum + n * (1 - p) * p ** cutoff, 0);
}

/**
 * Probability that a given window raises the adaptive proportion test: its first sample has the
 * value for certain, so the sum of p Pr[Bin(W - 1, p) >= C - 1].
 */
export function adaptiveProportionAlarmProbability(
  entropy: number,
  windowSamples: number,
  cutoff: number,
): number {
  return nearUniform(entropy).reduce(
    (sum, [p, n]) => sum + n * p * 2 ** log2BinomialTail(windowSamples - 1, p, cutoff - 1),
    0,
  );
}

/** @param alarmProbability per sample; divide a window's by its samples */
export function expectedAlarmsPerDay(alarmProbability: number, samplesPerSecond: number): number {
  return alarmProbability * samplesPerSecond * SECONDS_PER_DAY;
}

/** @param alarmProbability per sample; divide a window's by its samples */
export function expectedAlarmsPerYear(alarmProbability: number, samplesPerSecond: number): number {
  return expectedAlarmsPerDay(alarmProbability, samplesPerSecond) * DAYS_PER_YEAR;
}
