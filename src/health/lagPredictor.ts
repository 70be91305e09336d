import { log2BinomialTail } from "../standard/binomial.ts";
import { log2ExpectedRuns, predictorCountCutoff, predictorRunCutoff } from "../standard/cutoffs.ts";
import { Gauge } from "./gauge.ts";
import type { Finding, HealthTest } from "./healthTest.ts";

const LAGS = 8;
const LAG_MASK = LAGS - 1;

/** jitterentropy's window. */
export const LAG_WINDOW_SAMPLES = 131_072;

/**
 * A developer-defined test (SP 800-90B 4.5) after jitterentropy's: eight predictors each guess that
 * the sample of 1 to 8 samples ago comes again; the best so far in the window makes the guess that
 * counts. Right guesses in a row have the local cutoff, right guesses in the window the global one.
 * It sees periods up to 8, which RCT and APT pass. Ties go to the shortest lag.
 *
 * Every guess is made from the past alone, so that a source of min-entropy H confirms it with
 * probability at most 2^-H whatever was guessed: the cutoffs of standard/cutoffs.ts follow.
 */
export class LagPredictor implements HealthTest {
  readonly gauges: readonly [run: Gauge, count: Gauge];
  finding: Finding;
  readonly #windowSamples: number;
  readonly #history = new Uint8Array(LAGS);
  readonly #scores = new Int32Array(LAGS);
  #best = 0;
  #run = 0;
  #count = 0;
  /** Samples of the window in progress; the first eight only fill the history. */
  #filled = 0;

  /**
   * @param entropy min-entropy claimed per sample, bits
   * @param intermittent -log2(alpha) of the intermittent cutoff
   * @param permanent -log2(alpha) of the permanent cutoff
   * @param windowSamples at least 64
   */
  constructor(
    entropy: number,
    intermittent: number,
    permanent: number,
    windowSamples: number = LAG_WINDOW_SAMPLES,
  ) {
    const guesses = windowSamples - LAGS;
    const run = predictorRunCutoff(entropy, guesses, intermittent);
    const count = predictorCountCutoff(entropy, guesses, intermittent);
    this.gauges = [
      new Gauge({
        test: "lag_predictor",
        cutoffIntermittent: run,
        cutoffPermanent: predictorRunCutoff(entropy, guesses, permanent),
        maximum: guesses,
        windowSamples,
        alarmProbability: 2 ** log2ExpectedRuns(entropy, guesses, run) / windowSamples,
      }),
      new Gauge({
        test: "lag_predictor_count",
        cutoffIntermittent: count,
        cutoffPermanent: predictorCountCutoff(entropy, guesses, permanent),
        maximum: guesses,
        windowSamples,
        alarmProbability: 2 ** log2BinomialTail(guesses, 2 ** -entropy, count) / windowSamples,
      }),
    ];
    this.finding = { gauge: this.gauges[0], observed: 0 };
    this.#windowSamples = windowSamples;
  }

  push(symbols: Uint8Array, from: number, to: number): number {
    const history = this.#history;
    const scores = this.#scores;
    const windowSamples = this.#windowSamples;
    const [runGauge, countGauge] = this.gauges;
    let best = this.#best;
    let run = this.#run;
    let count = this.#count;
    let filled = this.#filled;
    let longest = run;
    let nextRun = runGauge.nextCutoff(run);
    let nextCount = countGauge.nextCutoff(count);
    let alarm = -1;
    for (let i = from; i < to; i += 1) {
      if (filled === windowSamples) {
        countGauge.approach(count);
        this.restart();
        best = run = count = filled = 0;
        nextRun = runGauge.cutoffIntermittent;
        nextCount = countGauge.cutoffIntermittent;
      }
      const symbol = symbols[i]!;
      const slot = filled & LAG_MASK;
      filled += 1;
      if (filled <= LAGS) {
        history[slot] = symbol;
        continue;
      }
      const right = history[(slot - 1 - best) & LAG_MASK] === symbol;
      for (let lag = 0; lag < LAGS; lag += 1) {
        if (history[(slot - 1 - lag) & LAG_MASK] === symbol) {
          const score = scores[lag]! + 1;
          scores[lag] = score;
          const ahead = scores[best]!;
          if (score > ahead || (score === ahead && lag < best)) best = lag;
        }
      }
      history[slot] = symbol;
      if (!right) {
        run = 0;
        nextRun = runGauge.cutoffIntermittent;
        continue;
      }
      run += 1;
      count += 1;
      if (run > longest) longest = run;
      if (run >= nextRun || count >= nextCount) {
        alarm = i;
        break;
      }
    }
    if (alarm >= 0) {
      // Both at the same sample: one alarm, the graver.
      const countFirst =
        run < nextRun || (count >= nextCount && countGauge.severity(count) === "permanent");
      const gauge = countFirst ? countGauge : runGauge;
      this.finding = { gauge, observed: gauge === runGauge ? run : count };
    }
    this.#best = best;
    this.#run = run;
    this.#count = count;
    this.#filled = filled;
    runGauge.approach(longest);
    countGauge.approach(count);
    return alarm;
  }

  restart(): void {
    this.#scores.fill(0);
    this.#history.fill(0);
    this.#best = 0;
    this.#run = 0;
    this.#count = 0;
    this.#filled = 0;
  }
}
