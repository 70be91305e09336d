import { bitsOf, type Samples } from "../samples.ts";
import { collision, type Collision } from "./collision.ts";
import { compression, type Compression } from "./compression.ts";
import { alphabetOf, datasetOf, type Dataset } from "./dataset.ts";
import { lag } from "./lag.ts";
import { lz78y } from "./lz78y.ts";
import { markov, type Markov } from "./markov.ts";
import { mostCommonValue, type MostCommonValue } from "./mostCommonValue.ts";
import { multiMcw } from "./multiMcw.ts";
import { multiMmc } from "./multiMmc.ts";
import type { Predictor } from "./prediction.ts";
import { repeatsOf } from "./repeats.ts";
import { lrs, tTuple, type Lrs, type TTuple } from "./tuples.ts";

export type AnyEstimate =
  | MostCommonValue
  | Collision
  | Markov
  | Compression
  | TTuple
  | Lrs
  | Predictor<"multiMcw">
  | Predictor<"lag">
  | Predictor<"multiMmc">
  | Predictor<"lz78y">;

export interface NonIid {
  readonly samples: number;
  readonly bitsPerSymbol: number;
  /** Different symbols that occur. */
  readonly alphabet: number;
  readonly literal: readonly AnyEstimate[];
  /** Null where the symbols are bits already. */
  readonly bitstring: readonly AnyEstimate[] | null;
  /** The least of the literal estimates, bits a symbol. */
  readonly hOriginal: number;
  /** The least of the bitstring's, bits a bit; null without one. */
  readonly hBitstring: number | null;
  /** min(H_original, bitsPerSymbol x H_bitstring), SP 800-90B 3.1.3. */
  readonly assessed: number;
}

export type Part = "literal" | "bitstring";
/** Counts of what occurs (6.3.1 to 6.3.6) and predictions (6.3.7 to 6.3.10) take about as long. */
export type Group = "counts" | "predictors";

const ESTIMATORS: Readonly<Record<Group, (dataset: Dataset) => Iterable<AnyEstimate>>> = {
  *counts(dataset) {
    yield mostCommonValue(dataset);
    if (dataset.alphabet === 2) {
      yield collision(dataset);
      yield markov(dataset);
      yield compression(dataset);
    }
    const repeats = repeatsOf(dataset);
    yield tTuple(repeats, dataset.symbols.length);
    yield lrs(repeats, dataset.symbols.length);
  },
  *predictors(dataset) {
    yield multiMcw(dataset);
    yield lag(dataset);
    yield multiMmc(dataset);
    yield lz78y(dataset);
  },
};

function least(estimates: readonly AnyEstimate[], most: number): number {
  return estimates.reduce((low, { minEntropy }) => Math.min(low, minEntropy ?? most), most);
}

/**
 * A quarter of the non-IID track (SP 800-90B 6.1). The quarters know nothing of each other, so they may
 * run side by side.
 * @param samples at least one
 * @returns each estimate as it is ready, in the order of 6.3; none on the bits of symbols that have two
 *   values or fewer, since they would say the same again
 */
export function* estimates(part: Part, group: Group, samples: Samples): Generator<AnyEstimate> {
  const dataset = datasetOf(samples);
  if (part === "bitstring") {
    if (dataset.alphabet > 2) yield* ESTIMATORS[group]({ symbols: bitsOf(samples), alphabet: 2 });
  } else if (dataset.alphabet > 1) yield* ESTIMATORS[group](dataset);
  else if (group === "counts") yield mostCommonValue(dataset);
}

/**
 * All of them as one result.
 * @param bitstring empty where the symbols are bits already
 */
export function assembleNonIid(
  samples: Samples,
  literal: readonly AnyEstimate[],
  bitstring: readonly AnyEstimate[],
): NonIid {
  const { bitsPerSymbol } = samples;
  const hOriginal = least(literal, bitsPerSymbol);
  const hBitstring = bitstring.length > 0 ? least(bitstring, 1) : null;
  return {
    samples: samples.symbols.length,
    bitsPerSymbol,
    alphabet: alphabetOf(samples),
    literal,
    bitstring: bitstring.length > 0 ? bitstring : null,
    hOriginal,
    hBitstring,
    assessed: Math.min(hOriginal, bitsPerSymbol * (hBitstring ?? Infinity)),
  };
}

/** The non-IID track of SP 800-90B 6.1 in this thread. */
export function nonIid(samples: Samples): NonIid {
  const both = (part: Part) => [
    ...estimates(part, "counts", samples),
    ...estimates(part, "predictors", samples),
  ];
  return assembleNonIid(samples, both("literal"), both("bitstring"));
}
