import { adaptiveProportionCutoff } from "../standard/cutoffs.ts";
import { adaptiveProportionAlarmProbability } from "../standard/falseAlarms.ts";
import { Gauge } from "./gauge.ts";
import type { Finding, HealthTest } from "./healthTest.ts";

/** SP 800-90B 4.4.2, over windows that do not overlap. */
export class AdaptiveProportion implements HealthTest {
  readonly gauges: readonly [Gauge];
  finding: Finding;
  readonly #windowSamples: number;
  #value = -1;
  #count = 0;
  /** Samples of the window in progress. */
  #filled = 0;

  /**
   * @param entropy min-entropy claimed per sample, bits
   * @param windowSamples 1024 for a binary source, 512 for every other
   * @param intermittent -log2(alpha) of the intermittent cutoff
   * @param permanent -log2(alpha) of the permanent cutoff
   */
  constructor(entropy: number, windowSamples: number, intermittent: number, permanent: number) {
    const cutoffIntermittent = adaptiveProportionCutoff(entropy, windowSamples, intermittent);
    const gauge = new Gauge({
      test: "adaptive_proportion",
      cutoffIntermittent,
      cutoffPermanent: adaptiveProportionCutoff(entropy, windowSamples, permanent),
      maximum: windowSamples,
      windowSamples,
      alarmProbability:
        adaptiveProportionAlarmProbability(entropy, windowSamples, cutoffIntermittent) /
        windowSamples,
    });
    this.gauges = [gauge];
    this.finding = { gauge, observed: 0 };
    this.#windowSamples = windowSamples;
  }

  push(symbols: Uint8Array, from: number, to: number): number {
    const gauge = this.gauges[0];
    let i = from;
    while (i < to) {
      if (this.#filled === this.#windowSamples) this.restart();
      if (this.#filled === 0) {
        this.#value = symbols[i]!;
        this.#count = 0; // the sample itself is counted below: B starts at 1
      }
      const end = Math.min(to, i + this.#windowSamples - this.#filled);
      const value = this.#value;
      let count = this.#count;
      for (let j = i; j < end; j += 1) count += value === symbols[j] ? 1 : 0;
      const next = gauge.nextCutoff(this.#count);
      if (count >= next) {
        // Rare: count once more, to find the very sample.
        let found = i;
        for (count = this.#count; ; found += 1) {
          if (value === symbols[found]) count += 1;
          if (count === next) break;
        }
        this.#filled += found + 1 - i;
        this.#count = count;
        gauge.approach(count);
        this.finding = { gauge, observed: count };
        return found;
      }
      this.#filled += end - i;
      this.#count = count;
      gauge.approach(count);
      i = end;
    }
    return -1;
  }

  restart(): void {
    this.#value = -1;
    this.#count = 0;
    this.#filled = 0;
  }
}
