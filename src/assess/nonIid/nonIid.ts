import { bitsOf, type Samples } from "../samples.ts";
import { collision, type Collision } from "./collision.ts";
import { compression, type Compression } from "./compression.ts";
import { datasetOf, type Dataset } from "./dataset.ts";
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

/** Estimators in the order of SP 800-90B 6.3. */
function estimate(dataset: Dataset, done: (estimator: AnyEstimate) => void): AnyEstimate[] {
  const estimates: AnyEstimate[] = [];
  const add = (one: AnyEstimate): void => {
    estimates.push(one);
    done(one);
  };
  add(mostCommonValue(dataset));
  if (dataset.alphabet === 2) {
    add(collision(dataset));
    add(markov(dataset));
    add(compression(dataset));
  }
  const repeats = repeatsOf(dataset);
  add(tTuple(repeats, dataset.symbols.length));
  add(lrs(repeats, dataset.symbols.length));
  add(multiMcw(dataset));
  add(lag(dataset));
  add(multiMmc(dataset));
  add(lz78y(dataset));
  return estimates;
}

function least(estimates: readonly AnyEstimate[], most: number): number {
  return estimates.reduce((low, { minEntropy }) => Math.min(low, minEntropy ?? most), most);
}

export type Part = "literal" | "bitstring";

/**
 * One half of the non-IID track (SP 800-90B 6.1): the estimators on the symbols, or on their bits. The
 * halves know nothing of each other, so they may run side by side.
 * @param samples at least one
 * @param done called with each estimate as it is ready
 * @returns null for the bitstring of symbols that have two values or fewer: it would say the same again
 */
export function estimatePart(
  part: Part,
  samples: Samples,
  done: (estimate: AnyEstimate) => void = () => {},
): readonly AnyEstimate[] | null {
  const dataset = datasetOf(samples);
  if (part === "bitstring")
    return dataset.alphabet > 2 ? estimate({ symbols: bitsOf(samples), alphabet: 2 }, done) : null;
  if (dataset.alphabet > 1) return estimate(dataset, done);
  const only = mostCommonValue(dataset);
  done(only);
  return [only];
}

/** Both halves as one result. */
export function assembleNonIid(
  samples: Samples,
  literal: readonly AnyEstimate[],
  bitstring: readonly AnyEstimate[] | null,
): NonIid {
  const { bitsPerSymbol } = samples;
  const hOriginal = least(literal, bitsPerSymbol);
  const hBitstring = bitstring && least(bitstring, 1);
  return {
    samples: samples.symbols.length,
    bitsPerSymbol,
    alphabet: datasetOf(samples).alphabet,
    literal,
    bitstring,
    hOriginal,
    hBitstring,
    assessed: Math.min(hOriginal, bitsPerSymbol * (hBitstring ?? Infinity)),
  };
}

/** The non-IID track of SP 800-90B 6.1 in this thread. */
export function nonIid(samples: Samples): NonIid {
  const literal = estimatePart("literal", samples) ?? [];
  return assembleNonIid(samples, literal, estimatePart("bitstring", samples));
}
