import type { Conditioned } from "../conditioned/conditioned.ts";
import type { NistCase, NistRun } from "../nistJson.ts";
import type { AnyEstimate, NonIid } from "./nonIid.ts";

type Name = AnyEstimate["estimator"];

/** By the tool's own words, which whoever reads its JSON looks for. */
export const CASES: readonly (readonly [Name, string])[] = [
  ["mostCommonValue", "Most Common Value"],
  ["collision", "Collision Test (for bit strings only)"],
  ["markov", "Markov Test (for bit strings only)"],
  ["compression", "Compression Test (for bit strings only)"],
  ["tTuple", "T-Tuple Test"],
  ["lrs", "LRS Test"],
  ["multiMcw", "Multi Most Common in Window Test"],
  ["lag", "Lag Prediction Test"],
  ["multiMmc", "Multi Markov Model with Counting Test (MultiMMC)"],
  ["lz78y", "LZ78Y Test"],
];

/** Keys of the bits' figure and of the symbols', where they are not `hBitstring` and `hOriginal`. */
const KEYS: Partial<Record<Name, readonly [ofBits: string, ofSymbols: string]>> = {
  tTuple: ["binTTupleRes", "tTupleRes"],
  lrs: ["binLrsRes", "lrsRes"],
};

interface Estimates {
  readonly literal: readonly AnyEstimate[] | null;
  readonly bitstring: readonly AnyEstimate[] | null;
}

function caseOf({ literal, bitstring }: Estimates, name: Name, description: string): NistCase {
  const [ofBits, ofSymbols] = KEYS[name] ?? ["hBitstring", "hOriginal"];
  const find = (estimates: readonly AnyEstimate[] | null) =>
    estimates?.find(({ estimator }) => estimator === name) ?? null;
  const [bits, symbols] = [find(bitstring), find(literal)];
  // The tool writes those of the symbols over those of the bits.
  const mode = symbols ?? bits;
  return {
    ...(bits === null || bits.minEntropy === null ? {} : { [ofBits]: bits.minEntropy }),
    ...(symbols === null || symbols.minEntropy === null ? {} : { [ofSymbols]: symbols.minEntropy }),
    ...(mode?.estimator === "mostCommonValue" && mode.minEntropy !== null
      ? {
          mcvEstimateMode: mode.modeCount,
          mcvEstimatePHat: mode.pHat,
          mcvEstimatePU: mode.pUpper,
        }
      : {}),
    testCaseDesc: description,
  };
}

const casesOf = (estimates: Estimates): readonly NistCase[] =>
  CASES.map(([name, description]) => caseOf(estimates, name, description));

const NO_ENTROPY = "All symbols are the same: there is no entropy.";

/** `ea_non_iid -o`; one sentence where it gives an error and no case. */
export function nonIidRun(result: NonIid): NistRun {
  const { alphabet, assessed, hBitstring, hOriginal, bitsPerSymbol } = result;
  const run = { isIid: false, type: "" } as const;
  if (alphabet < 2) return { ...run, error: NO_ENTROPY, cases: [] };
  const overall = {
    dataWordSize: bitsPerSymbol,
    hAssessed: assessed,
    ...(hBitstring === null ? {} : { hBitstring }),
    hOriginal,
    testCaseDesc: "Overall",
  };
  return { ...run, error: null, cases: [...casesOf(result), overall] };
}

/** `ea_non_iid -c -o`. */
export function conditionedRun(
  { estimates, hPrime }: Pick<Conditioned, "estimates" | "hPrime">,
  bitsPerSymbol: number,
): NistRun {
  const run = { isIid: false, type: "" } as const;
  const mode = estimates.find(({ estimator }) => estimator === "mostCommonValue");
  if (mode?.estimator === "mostCommonValue" && mode.minEntropy !== null && mode.pHat === 1)
    return { ...run, error: NO_ENTROPY, cases: [] };
  const overall = {
    dataWordSize: bitsPerSymbol,
    hAssessed: bitsPerSymbol * hPrime,
    hBitstring: hPrime,
    testCaseDesc: "Overall",
  };
  return {
    ...run,
    error: null,
    cases: [...casesOf({ literal: null, bitstring: estimates }), overall],
  };
}
