import type { NistCase } from "../nistJson.ts";
import type { AnyEstimate, NonIid } from "./nonIid.ts";

type Name = AnyEstimate["estimator"];

/** By the tool's own words, which whoever reads its JSON looks for. */
const CASES: readonly (readonly [Name, string])[] = [
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

function caseOf({ literal, bitstring }: NonIid, name: Name, description: string): NistCase {
  const [ofBits, ofSymbols] = KEYS[name] ?? ["hBitstring", "hOriginal"];
  const find = (estimates: readonly AnyEstimate[] | null) =>
    estimates?.find(({ estimator }) => estimator === name) ?? null;
  const [bits, symbols] = [find(bitstring), find(literal)];
  return {
    ...(bits === null || bits.minEntropy === null ? {} : { [ofBits]: bits.minEntropy }),
    ...(symbols === null || symbols.minEntropy === null ? {} : { [ofSymbols]: symbols.minEntropy }),
    // The tool writes those of the symbols over those of the bits.
    ...(symbols?.estimator === "mostCommonValue" && symbols.minEntropy !== null
      ? {
          mcvEstimateMode: symbols.modeCount,
          mcvEstimatePHat: symbols.pHat,
          mcvEstimatePU: symbols.pUpper,
        }
      : {}),
    testCaseDesc: description,
  };
}

/** The cases of `ea_non_iid -o`; one sentence where it gives an error and no case. */
export function nonIidCases(result: NonIid): readonly NistCase[] | string {
  const { alphabet, assessed, hBitstring, hOriginal, bitsPerSymbol } = result;
  if (alphabet < 2) return "All symbols are the same: there is no entropy.";
  return [
    ...CASES.map(([name, description]) => caseOf(result, name, description)),
    {
      dataWordSize: bitsPerSymbol,
      hAssessed: assessed,
      ...(hBitstring === null ? {} : { hBitstring }),
      hOriginal,
      testCaseDesc: "Overall",
    },
  ];
}
