/**
 * Estimators of SP 800-90B 6.3 that run on samples while they come. `markov` and `most_common_bit`
 * see the samples as a bitstring, the others as symbols.
 */
export const LIVE_ESTIMATORS = [
  "most_common_value", // 6.3.1
  "lag", // 6.3.8
  "multi_mmc", // 6.3.9
  "markov", // 6.3.3, on bits
  "most_common_bit", // 6.3.1, on bits
] as const;
export type LiveEstimatorName = (typeof LIVE_ESTIMATORS)[number];

/** What one estimator says of one window of samples. Bits of min-entropy a sample, 0 to its width. */
export interface LiveFigure {
  readonly estimator: LiveEstimatorName;
  /** SP 800-90B's own figure, which is the lower end of its confidence interval. */
  readonly lower: number;
  /** Of the proportion that was seen, without any confidence. */
  readonly estimate: number;
  /**
   * The upper end: a claim above it is refuted. Null where a claim for samples says nothing of what
   * the estimator sees: the single bits of wider samples.
   */
  readonly upper: number | null;
}

/** The live estimate of one source. Holds no sample. */
export interface LiveSnapshot {
  /** H a sample that the figures are held against, bits. */
  readonly claimedEntropy: number;
  /** The last window: when its estimate was ready, and how long it was. Null before the first. */
  readonly atMilliseconds: number | null;
  readonly samples: number;
  /** Of the last window; empty when that was too long ago to say anything of now. */
  readonly figures: readonly LiveFigure[];
  /** The upper end of a figure is below the claim, since the last event that said so. */
  readonly low: boolean;
  readonly windows: {
    readonly estimated: number;
    /** Ended by a gap, a tap or an alarm before it was long enough. */
    readonly broken: number;
    /** Its estimate never came: the thread died. */
    readonly lost: number;
  };
}

/** What a source's samples are estimated under. */
export interface LiveTerms {
  readonly source: string;
  readonly bitsPerSample: number;
  readonly claimedEntropy: number;
}

/**
 * Sees the samples that will be conditioned, and only those. Called on the noise path: every method
 * returns at once, keeps no reference to `symbols`, and never throws.
 */
export interface LiveEstimation {
  open(terms: LiveTerms): void;
  /** Samples that follow on those of the last call. */
  conditioned(source: string, symbols: Uint8Array): void;
  /** What comes next does not follow on what came last. */
  broken(source: string): void;
  /** An alarm: what came is worthless. */
  discarded(source: string): void;
  /** Null: the source is not estimated. */
  snapshot(source: string): LiveSnapshot | null;
}
