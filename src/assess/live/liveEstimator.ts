import type { LiveFigure } from "../../port/liveEstimate.ts";
import { datasetOf } from "../nonIid/dataset.ts";
import { predictBits, predictSymbols } from "../nonIid/lag.ts";
import { markov } from "../nonIid/markov.ts";
import { mostCommonValue } from "../nonIid/mostCommonValue.ts";
import { predictBits as predictBitsMmc } from "../nonIid/multiMmc.ts";
import { predictionEstimate, type Predictions } from "../nonIid/prediction.ts";
import { bitsOf } from "../samples.ts";
import { markovUpper, predictionUpper, valueUpper } from "./bounds.ts";
import { WindowMmc } from "./windowMmc.ts";

/**
 * Below MultiMMC's 100,000 pairs. Long enough that half of a claim is seen in one window, down to
 * claims of 0.01 bits a sample.
 */
export const WINDOW_SAMPLES = 65_536;
/** A shorter one says too little: its figures are a bit and more below the truth. */
export const LEAST_SAMPLES = 1000;

/**
 * Alpha of a window, as -log2: 2^-30. At most one window in 10 s, 3.2 million a year, raises 0.003
 * false alarms a year and source, far fewer than the health tests are allowed; and since the bounds'
 * distance grows with the root of this exponent, a thousand times that rate would bring them nearer by
 * a fifth only.
 */
export const ALPHA_EXPONENT = 30;
/** Each window is judged by four estimators at most, which share alpha. */
const JUDGES_LOG2 = 2;

export interface LiveEstimatorOptions {
  readonly bitsPerSample: number;
  /** Default `WINDOW_SAMPLES`; at most 99,999. */
  readonly windowSamples?: number;
  /** -log2 of the share of windows whose upper ends may be wrong; default `ALPHA_EXPONENT`. */
  readonly alphaExponent?: number;
}

/**
 * The live estimators over one window of consecutive samples. Figures are those of the batch
 * estimators for the same samples. Windows follow each other and do not slide: samples that are to
 * seed something may not linger, and windows that share no sample have independent verdicts, so that
 * a rate of false alarms can be stated.
 */
export class LiveEstimator {
  readonly #width: number;
  readonly #log2Alpha: number;
  readonly #mmc: WindowMmc;
  readonly #window: Uint8Array;
  #filled = 0;

  constructor(options: LiveEstimatorOptions) {
    const { bitsPerSample, windowSamples = WINDOW_SAMPLES, alphaExponent } = options;
    if (!(windowSamples >= LEAST_SAMPLES && windowSamples < 100_000))
      throw new RangeError(`a live window of ${windowSamples} samples`);
    this.#width = bitsPerSample;
    this.#log2Alpha = -(alphaExponent ?? ALPHA_EXPONENT) - JUDGES_LOG2;
    this.#mmc = new WindowMmc(windowSamples);
    this.#window = new Uint8Array(windowSamples);
  }

  /** Samples that are held. */
  get samples(): number {
    return this.#filled;
  }

  /** Copies what there is room for. @returns how many that were */
  push(symbols: Uint8Array): number {
    const taken = Math.min(symbols.length, this.#window.length - this.#filled);
    this.#window.set(symbols.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** @returns the figures of what was pushed so far; null below `LEAST_SAMPLES` */
  estimate(): readonly LiveFigure[] | null {
    if (this.#filled < LEAST_SAMPLES) return null;
    const symbols = this.#window.subarray(0, this.#filled);
    return [...this.#symbolFigures(symbols), ...this.#bitFigures(symbols)];
  }

  /** Overwrites what is held; the next window begins. */
  wipe(): void {
    this.#window.fill(0);
    this.#filled = 0;
  }

  #symbolFigures(symbols: Uint8Array): LiveFigure[] {
    const width = this.#width;
    const dataset = datasetOf({ symbols });
    const { length } = symbols;
    const mode = mostCommonValue(dataset);
    // It cannot be otherwise: it always runs.
    if (mode.minEntropy === null) throw new Error("no most common value");
    const isBits = dataset.alphabet === 2;
    const predicted = (estimator: "lag" | "multi_mmc", predictions: Predictions): LiveFigure => ({
      estimator,
      lower: predictionEstimate(estimator, predictions, dataset.alphabet).minEntropy ?? 0,
      estimate: bits(predictions.correct / predictions.tried, width),
      upper: predictionUpper(predictions, width, this.#log2Alpha),
    });
    const figures: LiveFigure[] = [
      {
        estimator: "most_common_value",
        lower: mode.minEntropy,
        estimate: bits(mode.pHat, width),
        upper: valueUpper(length, mode.modeCount, width, this.#log2Alpha),
      },
      predicted("lag", isBits ? predictBits(dataset) : predictSymbols(symbols)),
      predicted(
        "multi_mmc",
        isBits ? predictBitsMmc(dataset.symbols) : this.#mmc.predict(dataset.symbols),
      ),
    ];
    if (dataset.symbols !== symbols) dataset.symbols.fill(0);
    return figures;
  }

  #bitFigures(symbols: Uint8Array): LiveFigure[] {
    const width = this.#width;
    const string = bitsOf({ symbols, bitsPerSymbol: width });
    const dataset = { symbols: string, alphabet: 2 };
    const chain = markov(dataset);
    if (chain.minEntropy === null) throw new Error("no Markov estimate");
    const { pairs, zeros } = countBits(string);
    const ones = string.length - zeros;
    const figures: LiveFigure[] = [
      {
        estimator: "markov",
        // The standard gives this estimator no confidence interval.
        lower: chain.minEntropy * width,
        estimate: chain.minEntropy * width,
        upper: width === 1 ? markovUpper({ pairs, zeros, ones }, this.#log2Alpha) : null,
      },
    ];
    if (width > 1) {
      const mode = mostCommonValue(dataset);
      if (mode.minEntropy === null) throw new Error("no most common bit");
      figures.push({
        estimator: "most_common_bit",
        lower: mode.minEntropy * width,
        estimate: bits(mode.pHat, 1) * width,
        upper: null,
      });
      string.fill(0);
    }
    return figures;
  }
}

function bits(proportion: number, most: number): number {
  // Not -0 for certainty.
  return proportion <= 0 ? most : Math.min(most, -Math.log2(proportion)) + 0;
}

function countBits(string: Uint8Array) {
  const pairs: [number, number, number, number] = [0, 0, 0, 0];
  let zeros = 1 - (string[0] ?? 1);
  for (let at = 1; at < string.length; at++) {
    pairs[string[at - 1]! * 2 + string[at]!]! += 1;
    zeros += 1 - string[at]!;
  }
  return { pairs, zeros };
}
