import { whole } from "../report/text.ts";
import type { Findings } from "../suite.ts";
import type { FipsTest } from "./block.ts";
import type { Fips140Result } from "./fips140.ts";

const NAMES: Readonly<Record<FipsTest, string>> = {
  monobit: "monobit",
  poker: "poker",
  runs: "runs",
  longRun: "long run",
  continuousRun: "continuous run",
};

export function fips140Findings(result: Fips140Result): Findings {
  const { verdict, notApplicable, blocks, failedBlocks, failures, pValue, alpha } = result;
  const chance =
    pValue === null
      ? ""
      : `, which a perfect source exceeds or equals with probability ${pValue.toPrecision(3)}`;
  return {
    minEntropy: null,
    passed: verdict === "notApplicable" ? null : verdict === "passed",
    summary:
      verdict === "notApplicable"
        ? `not applicable: ${notApplicable}`
        : `${verdict}: ${whole(failedBlocks)} of ${whole(blocks)} blocks failed${chance} (limit ${alpha})`,
    warnings: [],
    sections: [
      {
        title: "Blocks",
        note: `Blocks of 20,000 bits that failed each test; a perfect source fails ${(100 * result.expectedFailureShare).toFixed(3)} % of them.`,
        table: [
          ["test", "failed", "of"],
          ...(Object.keys(NAMES) as FipsTest[]).map((test) => [
            NAMES[test],
            whole(failures[test]),
            whole(blocks),
          ]),
        ],
      },
    ],
  };
}
