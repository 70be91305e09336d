import { repetitionCountCutoff } from "../standard/cutoffs.ts";
import { repetitionCountAlarmProbability } from "../standard/falseAlarms.ts";
import { Gauge } from "./gauge.ts";
import type { Finding, HealthTest } from "./healthTest.ts";

/** SP 800-90B 4.4.1. A run goes on over every boundary of pushes and of other tests' windows. */
export class RepetitionCount implements HealthTest {
  readonly gauges: readonly [Gauge];
  finding: Finding;
  #value = -1;
  #run = 0;

  /**
   * @param entropy min-entropy claimed per sample, bits
   * @param intermittent -log2(alpha) of the intermittent cutoff
   * @param permanent -log2(alpha) of the permanent cutoff
   */
  constructor(entropy: number, intermittent: number, permanent: number) {
    const cutoffIntermittent = repetitionCountCutoff(entropy, intermittent);
    const gauge = new Gauge({
      test: "repetition_count",
      cutoffIntermittent,
      cutoffPermanent: repetitionCountCutoff(entropy, permanent),
      maximum: Infinity,
      windowSamples: null,
      alarmProbability: repetitionCountAlarmProbability(entropy, cutoffIntermittent),
    });
    this.gauges = [gauge];
    this.finding = { gauge, observed: 0 };
  }

  push(symbols: Uint8Array, from: number, to: number): number {
    const gauge = this.gauges[0];
    const first = gauge.cutoffIntermittent;
    let value = this.#value;
    let run = this.#run;
    let longest = run;
    let next = gauge.nextCutoff(run);
    let alarm = -1;
    for (let i = from; i < to; i += 1) {
      const symbol = symbols[i]!;
      if (symbol === value) {
        run += 1;
        if (run >= next) {
          alarm = i;
          break;
        }
      } else {
        if (run > longest) longest = run;
        value = symbol;
        run = 1;
        next = first;
      }
    }
    this.#value = value;
    this.#run = run;
    gauge.approach(Math.max(longest, run));
    if (alarm >= 0) this.finding = { gauge, observed: run };
    return alarm;
  }

  restart(): void {
    this.#value = -1;
    this.#run = 0;
  }
}
