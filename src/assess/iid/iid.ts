import { datasetOf } from "../nonIid/dataset.ts";
import { mostCommonValue, type MostCommonValue } from "../nonIid/mostCommonValue.ts";
import { bitsOf, type Samples } from "../samples.ts";
import { goodnessOfFit, independence, type ChiSquare } from "./chiSquare.ts";
import { longestRepeat, type LongestRepeat } from "./longestRepeat.ts";
import { MOST_SYMBOLS } from "./shuffle.ts";
import { populationOf } from "./statistics.ts";
import { PERMUTATIONS, type StatisticResult } from "./tally.ts";

/** What the IID track came to. */
export interface Iid {
  readonly samples: number;
  readonly bitsPerSymbol: number;
  /** Different symbols that occur. */
  readonly alphabet: number;
  readonly mean: number;
  /** Of the symbols mapped to 0..k-1; 0.5 of two symbols. */
  readonly median: number;
  readonly isBinary: boolean;
  /** SP 800-90B 6.3.1. Figures of entropy only where the samples are IID: see `assessed`. */
  readonly mostCommonValue: {
    readonly literal: MostCommonValue;
    /** Null where the symbols are bits already. */
    readonly bitstring: MostCommonValue | null;
  };
  readonly independence: ChiSquare;
  readonly goodnessOfFit: ChiSquare;
  readonly longestRepeat: LongestRepeat;
  /** In the order of 5.1. */
  readonly permutation: readonly StatisticResult[];
  /** Of each statistic, unless it passed before. */
  readonly permutationsAtMost: number;
  /**
   * True when every test that can run on these samples passed; false as soon as one failed; null where
   * time ran out before either.
   */
  readonly passed: boolean | null;
  /** min(H_original, bitsPerSymbol x H_bitstring) of the most common value; null unless `passed`. */
  readonly assessed: number | null;
}

/** What there is of it without the permutations. */
export type IidTests = Omit<Iid, "permutation" | "permutationsAtMost" | "passed" | "assessed">;

/** All that is not left to chance. */
export function iidTests(samples: Samples): IidTests {
  const { symbols, bitsPerSymbol } = samples;
  const dataset = datasetOf(samples);
  const { mean, median, isBinary } = populationOf(symbols);
  return {
    samples: symbols.length,
    bitsPerSymbol,
    alphabet: dataset.alphabet,
    mean,
    median,
    isBinary,
    mostCommonValue: {
      literal: mostCommonValue(dataset),
      bitstring:
        bitsPerSymbol > 1 ? mostCommonValue({ symbols: bitsOf(samples), alphabet: 2 }) : null,
    },
    independence: independence(dataset),
    goodnessOfFit: goodnessOfFit(dataset),
    longestRepeat: longestRepeat(dataset),
  };
}

export function assembleIid(tests: IidTests, permutation: readonly StatisticResult[]): Iid {
  const { bitsPerSymbol, mostCommonValue: of, independence: pairs, goodnessOfFit: fit } = tests;
  const verdicts = [pairs, fit, tests.longestRepeat, ...permutation].map(({ passed }) => passed);
  const isOpen = permutation.some(({ passed }) => passed === null);
  const passed = verdicts.includes(false) ? false : isOpen ? null : true;
  const hOriginal = of.literal.minEntropy ?? bitsPerSymbol;
  const hBitstring = of.bitstring?.minEntropy ?? 1;
  return {
    ...tests,
    permutation,
    permutationsAtMost: PERMUTATIONS,
    passed,
    assessed: passed === true ? Math.min(hOriginal, bitsPerSymbol * hBitstring) : null,
  };
}

/** The greatest lag (5.1.9), in symbols or in eights of bits, and one more. */
const LEAST_PLACES = 33;

/** Why samples cannot be tested at all; null when they can. */
export function iidFault(samples: Samples): string | null {
  const { symbols } = samples;
  if (symbols.length > MOST_SYMBOLS)
    return `${symbols.length} samples are more than the ${MOST_SYMBOLS} that are permuted; cut a contiguous part with \`head -c\`, and say in your evidence which`;
  const { alphabet } = datasetOf(samples);
  if (alphabet < 2)
    return "all samples have one value: there is no entropy in them, and nothing that a permutation would change";
  const needed = alphabet === 2 ? 8 * LEAST_PLACES : LEAST_PLACES;
  if (symbols.length < needed)
    return `${symbols.length} samples are too few for the permutation test, which needs at least ${needed} of these, and SP 800-90B 3.1.1 asks for 1,000,000`;
  return null;
}
