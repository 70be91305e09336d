import type { NistCase } from "../nistJson.ts";
import type { Iid } from "./iid.ts";
import type { Statistic } from "./statistics.ts";

/** The tool's names, in the order of its keys. */
const NAMES: readonly (readonly [Statistic, string])[] = [
  ["averageCollision", "avgCollision"],
  ["compression", "compression"],
  ["covariance1", "covariance1"],
  ["covariance16", "covariance16"],
  ["covariance2", "covariance2"],
  ["covariance32", "covariance32"],
  ["covariance8", "covariance8"],
  ["excursion", "excursion"],
  ["longestDirectionalRun", "lenDirectionalRuns"],
  ["longestMedianRun", "lenRunsMedian"],
  ["greatestCollision", "maxCollision"],
  ["directionalRuns", "numDirectionalRuns"],
  ["increasesOrDecreases", "numIncreasesDecreases"],
  ["medianRuns", "numRunsMedian"],
  ["periodicity1", "periodicity1"],
  ["periodicity16", "periodicity16"],
  ["periodicity2", "periodicity2"],
  ["periodicity32", "periodicity32"],
  ["periodicity8", "periodicity8"],
];

/** All of them passed, one failed, or null: none failed, and not all were run to their end. */
function together(verdicts: readonly (boolean | null)[]): boolean | null {
  return verdicts.includes(false) ? false : verdicts.includes(null) ? null : true;
}

/** How many permutations gave a greater (0), an equal (1) and a smaller figure (2). */
function countsOf({ permutation }: Iid, iteration: 0 | 1 | 2): NistCase {
  const counts = NAMES.flatMap(([name, key]) => {
    const of = permutation.find(({ statistic }) => statistic === name)!;
    const { c0, c1, c2 } = of;
    return c0 + c1 + c2 === 0 ? [] : [[key, [c0, c1, c2][iteration]!] as const];
  });
  const keys = [...counts, ["iteration", iteration] as const];
  return Object.fromEntries(keys.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * The case of `ea_iid -o`. Where a test failed the tool has an assessed figure all the same (and, unless
 * it is very verbose, one that is the width of a symbol): here it is left out, since there is none.
 */
export function iidCases(result: Iid): readonly NistCase[] {
  const { assessed, mostCommonValue, mean, median, alphabet, permutation } = result;
  const { independence, goodnessOfFit, longestRepeat } = result;
  const chiSquare = together([independence.passed, goodnessOfFit.passed]);
  const permuted = together(permutation.map(({ passed }) => passed));
  const { literal, bitstring } = mostCommonValue;
  return [
    {
      ...(alphabet === 2 ? { binary: true } : {}),
      ...(assessed === null ? {} : { hAssessed: assessed }),
      // The tool has 1 for bits, which have no other bitstring.
      hBitstring: bitstring?.minEntropy ?? 1,
      ...(literal.minEntropy === null ? {} : { hOriginal: literal.minEntropy }),
      mean,
      median,
      ...(chiSquare === null ? {} : { passedChiSquareTests: chiSquare }),
      ...(permuted === null ? {} : { passedIidPermutationTests: permuted }),
      passedLongestRepeatedSubstringTest: longestRepeat.passed,
      permutationTestResults: ([0, 1, 2] as const).map((iteration) => countsOf(result, iteration)),
      testCaseDesc: "",
    },
  ];
}
