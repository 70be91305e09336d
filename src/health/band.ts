import { bandCutoff, log2BandTail } from "../standard/cutoffs.ts";
import { Gauge } from "./gauge.ts";
import type { Finding, HealthTest } from "./healthTest.ts";

export const BAND_WINDOW_SAMPLES = 16_384;

/**
 * Where the device's physics places its raw noise. A figure outside on either side is an alarm: a
 * source that is better than its physics has been whitened or swapped.
 */
export interface BandOptions {
  /**
   * `ones_proportion`: of samples that are 1, binary sources only. `collision_entropy`: bits per
   * sample, -log2 of the probability that two neighbours are equal, over pairs that do not overlap.
   */
  readonly statistic: "ones_proportion" | "collision_entropy";
  /** In the statistic's unit; the true figure of a sound device is in [lower, upper]. */
  readonly lower: number;
  readonly upper: number;
  /** Even; default 16,384. */
  readonly windowSamples?: number | undefined;
}

/**
 * A developer-defined test (SP 800-90B 4.5), two-sided. Per window a count of successes is binomial
 * with a probability inside the band, if samples (or pairs) are independent; the cutoff is how far
 * outside the band a count must lie to have probability below alpha. For a source with memory the
 * band must be as wide as the memory makes the count vary.
 */
export class Band implements HealthTest {
  readonly gauges: readonly [Gauge];
  finding: Finding;
  readonly #windowSamples: number;
  readonly #pairs: boolean;
  readonly #least: number;
  readonly #most: number;
  #filled = 0;
  #count = 0;
  #previous = 0;

  /**
   * @param intermittent -log2(alpha) of the intermittent cutoff
   * @param permanent -log2(alpha) of the permanent cutoff
   */
  constructor(options: BandOptions, intermittent: number, permanent: number) {
    const windowSamples = options.windowSamples ?? BAND_WINDOW_SAMPLES;
    this.#windowSamples = windowSamples;
    this.#pairs = options.statistic === "collision_entropy";
    const trials = this.#pairs ? windowSamples / 2 : windowSamples;
    const lower = this.#pairs ? 2 ** -options.upper : options.lower;
    const upper = this.#pairs ? 2 ** -options.lower : options.upper;
    const cutoff = bandCutoff(trials, lower, upper, intermittent);
    this.#least = cutoff.least;
    this.#most = cutoff.most;
    const gauge = new Gauge({
      test: "band",
      cutoffIntermittent: cutoff.deviation,
      cutoffPermanent: bandCutoff(trials, lower, upper, permanent).deviation,
      maximum: Math.max(trials - cutoff.most, cutoff.least),
      windowSamples,
      alarmProbability: 2 ** log2BandTail(trials, lower, upper, cutoff.deviation) / windowSamples,
    });
    this.gauges = [gauge];
    this.finding = { gauge, observed: 0 };
  }

  push(symbols: Uint8Array, from: number, to: number): number {
    const gauge = this.gauges[0];
    let i = from;
    while (i < to) {
      const end = Math.min(to, i + this.#windowSamples - this.#filled);
      this.#count += this.#pairs
        ? this.#countPairs(symbols, i, end)
        : this.#countOnes(symbols, i, end);
      this.#filled += end - i;
      i = end;
      if (this.#filled < this.#windowSamples) continue;
      // How far outside the band, counted in samples or pairs; negative inside.
      const deviation = Math.max(this.#count - this.#most, this.#least - this.#count);
      gauge.approach(deviation);
      this.restart();
      if (deviation < gauge.cutoffIntermittent) continue;
      this.finding = { gauge, observed: deviation };
      return end - 1;
    }
    return -1;
  }

  restart(): void {
    this.#filled = 0;
    this.#count = 0;
  }

  #countOnes(symbols: Uint8Array, from: number, to: number): number {
    let count = 0;
    for (let i = from; i < to; i += 1) count += symbols[i]!;
    return count;
  }

  /** The first of a pair stands at an even place of the window, which may be in the last push. */
  #countPairs(symbols: Uint8Array, from: number, to: number): number {
    let count = 0;
    let i = from;
    if (this.#filled % 2 === 1) {
      if (this.#previous === symbols[i]) count += 1;
      i += 1;
    }
    for (; i + 1 < to; i += 2) count += symbols[i] === symbols[i + 1] ? 1 : 0;
    if (i < to) this.#previous = symbols[i]!;
    return count;
  }
}
