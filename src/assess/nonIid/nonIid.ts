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

/**
 * The non-IID track of SP 800-90B 6.1: every estimator on the symbols, and on their bits.
 * @param samples at least one
 * @param done called with each estimate as it is ready
 */
export function nonIid(
  samples: Samples,
  done: (part: "literal" | "bitstring", estimate: AnyEstimate) => void = () => {},
): NonIid {
  const { symbols, bitsPerSymbol } = samples;
  const dataset = datasetOf(samples);
  const common = { samples: symbols.length, bitsPerSymbol, alphabet: dataset.alphabet };
  if (dataset.alphabet < 2) {
    const literal = [mostCommonValue(dataset)];
    return { ...common, literal, bitstring: null, hOriginal: 0, hBitstring: null, assessed: 0 };
  }
  const literal = estimate(dataset, (one) => done("literal", one));
  const hOriginal = least(literal, bitsPerSymbol);
  // Two values of a wider symbol are bits in all but name.
  if (dataset.alphabet === 2)
    return {
      ...common,
      literal,
      bitstring: null,
      hOriginal,
      hBitstring: null,
      assessed: hOriginal,
    };
  const bits = { symbols: bitsOf(samples), alphabet: 2 };
  const bitstring = estimate(bits, (one) => done("bitstring", one));
  const hBitstring = least(bitstring, 1);
  const assessed = Math.min(hOriginal, bitsPerSymbol * hBitstring);
  return { ...common, literal, bitstring, hOriginal, hBitstring, assessed };
}
