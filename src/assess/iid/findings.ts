import { sampleWarnings } from "../nonIid/findings.ts";
import type { MostCommonValue } from "../nonIid/mostCommonValue.ts";
import { decimals, whole } from "../report/text.ts";
import type { Samples } from "../samples.ts";
import type { Findings, Section, SuiteParameters } from "../suite.ts";
import type { ChiSquare } from "./chiSquare.ts";
import type { Iid } from "./iid.ts";
import type { Statistic } from "./statistics.ts";

/** By their clauses. */
export const STATISTIC_NAMES: Readonly<Record<Statistic, string>> = {
  excursion: "excursion (5.1.1)",
  directionalRuns: "directional runs (5.1.2)",
  longestDirectionalRun: "longest directional run (5.1.3)",
  increasesOrDecreases: "increases or decreases (5.1.4)",
  medianRuns: "runs about the median (5.1.5)",
  longestMedianRun: "longest run about the median (5.1.6)",
  averageCollision: "average collision (5.1.7)",
  greatestCollision: "greatest collision (5.1.8)",
  periodicity1: "periodicity, lag 1 (5.1.9)",
  periodicity2: "periodicity, lag 2 (5.1.9)",
  periodicity8: "periodicity, lag 8 (5.1.9)",
  periodicity16: "periodicity, lag 16 (5.1.9)",
  periodicity32: "periodicity, lag 32 (5.1.9)",
  covariance1: "covariance, lag 1 (5.1.10)",
  covariance2: "covariance, lag 2 (5.1.10)",
  covariance8: "covariance, lag 8 (5.1.10)",
  covariance16: "covariance, lag 16 (5.1.10)",
  covariance32: "covariance, lag 32 (5.1.10)",
  compression: "compression (5.1.11)",
};

/**
 * What the verdict of one seed is worth. Of 10,001 orders that are equally likely the one that came is
 * among the 6 lowest or the 6 highest; 19 x 12 / 10,001 is 1 in 43.9, the most whatever ties and dependence.
 */
const POLICY =
  "The permutations rest on the seed alone: the same samples and seed give the same verdict. Samples that are IID fail a statistic with a chance of at most 12 in 10,001, and so one round in 44 or rarer by one of the 19: a failure near the limit can be chance. It is a failure all the same: the answer is the non-IID track, or new samples, decided on beforehand and reported with this result. Another seed for the same samples, until one passes, is no test.";

const word = (passed: boolean | null): string =>
  passed === null ? "open" : passed ? "passed" : "FAILED";

function testTable({ independence, goodnessOfFit, longestRepeat, permutation }: Iid): Section {
  const chi = (name: string, test: ChiSquare): readonly string[] =>
    test.passed === null
      ? [name, "—", "—", `not applicable: ${test.notApplicable}`]
      : [
          name,
          `${decimals(test.statistic)}, ${whole(test.degrees)} degrees`,
          test.pValue.toPrecision(6),
          word(test.passed),
        ];
  const failed = permutation.filter(({ passed }) => passed === false);
  const open = permutation.filter(({ passed }) => passed === null);
  return {
    title: "Tests",
    note: "A p-value below 0.001 fails. Every test must pass.",
    table: [
      ["test", "statistic", "p-value", ""],
      chi("chi-square, independence (5.2.1, 5.2.3)", independence),
      chi("chi-square, goodness of fit (5.2.2, 5.2.4)", goodnessOfFit),
      [
        "longest repeated substring (5.2.5)",
        `length ${whole(longestRepeat.length)}`,
        longestRepeat.probability.toPrecision(6),
        word(longestRepeat.passed),
      ],
      [
        "permutations (5.1)",
        `${permutation.length - failed.length - open.length} of ${permutation.length} passed`,
        "—",
        word(failed.length > 0 ? false : open.length > 0 ? null : true),
      ],
    ],
  };
}

function permutationTable({ permutation, permutationsAtMost }: Iid): Section {
  return {
    title: "Permutation test",
    note: `How many permutations gave a greater (C0), an equal (C1) and a smaller figure (C2). A statistic passes, and is counted no further, once C0 + C1 and C1 + C2 are above 5; it fails where that has not come about after ${whole(permutationsAtMost)}, from the first on. ${POLICY}`,
    table: [
      ["statistic", "samples as they came", "C0", "C1", "C2", "permutations", ""],
      ...permutation.map(({ statistic, unshuffled, c0, c1, c2, passed }) => [
        STATISTIC_NAMES[statistic],
        String(unshuffled),
        whole(c0),
        whole(c1),
        whole(c2),
        whole(c0 + c1 + c2),
        passed === null && c0 + c1 + c2 === 0 ? "not run" : word(passed),
      ]),
    ],
  };
}

function valueTable({ mostCommonValue, mean, median, longestRepeat, passed }: Iid): Section {
  const rows = (name: string, estimate: MostCommonValue): readonly (readonly string[])[] =>
    estimate.minEntropy === null
      ? []
      : [
          [name, "mode count", whole(estimate.modeCount)],
          ["", "p-hat", String(estimate.pHat)],
          ["", "p_u", String(estimate.pUpper)],
          ["", "-log2 p_u", String(estimate.minEntropy)],
        ];
  return {
    title: "Intermediate values",
    ...(passed === true
      ? {}
      : {
          note: "The most common value says how much entropy independent samples have, and nothing of these.",
        }),
    table: [
      ["", "value", ""],
      ["samples", "mean", String(mean)],
      ["", "median of the mapped symbols", String(median)],
      ...rows("most common value (6.3.1), symbols", mostCommonValue.literal),
      ...(mostCommonValue.bitstring
        ? rows("most common value (6.3.1), bits", mostCommonValue.bitstring)
        : []),
      ["longest repeated substring", "P_col", String(longestRepeat.pCollision)],
    ],
  };
}

function summaryOf({ passed, assessed, permutation, ...tests }: Iid): string {
  if (assessed !== null)
    return `no evidence against IID; min-entropy ${decimals(assessed)} bits a sample by the most common value`;
  const failed = [
    ...(tests.independence.passed === false ? ["chi-square independence"] : []),
    ...(tests.goodnessOfFit.passed === false ? ["chi-square goodness of fit"] : []),
    ...(tests.longestRepeat.passed ? [] : ["longest repeated substring"]),
    ...permutation.flatMap(({ passed: its, statistic }) =>
      its === false ? [STATISTIC_NAMES[statistic].replace(/ \(.*/, "")] : [],
    ),
  ];
  return passed === false
    ? `not IID, so that no min-entropy follows on this track: ${failed.join("; ")} failed`
    : "not finished, so that there is no verdict and no min-entropy";
}

export function iidFindings(
  result: Iid,
  samples: Samples,
  { claimedEntropy }: SuiteParameters,
): Findings {
  const { passed, assessed, permutation, independence, goodnessOfFit, alphabet } = result;
  const notRun = [
    ["independence", independence],
    ["goodness of fit", goodnessOfFit],
  ] as const;
  const open = permutation.filter(({ passed: its }) => its === null);
  const warnings = [
    ...sampleWarnings(samples.symbols.length),
    ...notRun.flatMap(([name, test]) =>
      test.passed === null
        ? [`chi-square ${name} was not run and decides nothing: ${test.notApplicable}`]
        : [],
    ),
    ...(passed === false && open.length > 0
      ? [
          `${open.map(({ statistic }) => statistic).join(", ")} left open: the verdict is certain without`,
        ]
      : []),
    ...(passed === null
      ? [
          `time ran out with ${open.map(({ statistic }) => statistic).join(", ")} open; a longer limit with the same seed goes as far again and further`,
        ]
      : []),
    ...(alphabet === 2 && samples.bitsPerSymbol > 1
      ? [
          `two values in ${samples.bitsPerSymbol} bits: the bitstring is estimated too (3.1.3), which NIST's tool leaves out; a width of 1 is more likely what they are`,
        ]
      : []),
  ];
  return {
    minEntropy: assessed === null ? null : Math.min(assessed, claimedEntropy ?? Infinity),
    passed: assessed === null ? passed : claimedEntropy === null || assessed >= claimedEntropy,
    summary: summaryOf(result),
    warnings,
    sections: [testTable(result), permutationTable(result), valueTable(result)],
  };
}
