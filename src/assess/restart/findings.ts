import { estimateTable, intermediateTable, notRun } from "../nonIid/findings.ts";
import { decimals, whole } from "../report/text.ts";
import type { Findings, Section } from "../suite.ts";
import type { Restart, Sanity } from "./restart.ts";
import { RESTARTS, SAMPLES_PER_RESTART } from "./sanity.ts";

function sanityTable({
  largestCount,
  largestCountRows,
  largestCountColumns,
  ...sanity
}: Sanity): Section {
  const { tool, printed } = sanity;
  const share = (100 * printed.falseAlarmProbability).toPrecision(2);
  const verdict = (passed: boolean): string => (passed ? "passed" : "failed");
  return {
    title: "Sanity check (3.1.4.3)",
    note: `The largest count of a symbol is ${largestCountRows} in a row, ${largestCountColumns} in a column. The rule of NIST's tool decides; that of the text takes no notice of how many symbols there are, so that ${share} % of sources that are as good as claimed fail it.`,
    table: [
      ["rule", "largest count", "passes up to", "alpha", ""],
      [
        "NIST's tool",
        whole(largestCount),
        whole(tool.cutoff),
        tool.alpha.toExponential(3),
        verdict(tool.passed),
      ],
      [
        "text",
        whole(largestCount),
        whole(printed.cutoff),
        printed.alpha.toExponential(3),
        verdict(printed.passed),
      ],
    ],
  };
}

function summaryOf({
  sanity,
  halfReached,
  assessed,
  hRows,
  hColumns,
  initialEntropy,
}: Restart): string {
  const { largestCount, tool } = sanity;
  const counts = `a symbol occurs ${largestCount} times in one of the rows and columns, where ${tool.cutoff} pass`;
  const figures = `H_r ${decimals(hRows)}, H_c ${decimals(hColumns)}, H_I ${decimals(initialEntropy)}`;
  if (assessed !== null)
    return `min-entropy ${decimals(assessed)} bits a sample (${figures}; ${counts})`;
  const why = [
    ...(tool.passed ? [] : [`sanity check: ${counts}`]),
    ...(halfReached ? [] : ["the least of H_r and H_c is below half of H_I"]),
  ];
  return `no entropy is awarded: ${why.join("; ")} (${figures})`;
}

export function restartFindings(result: Restart): Findings {
  const { rows, columns, sanity, assessed } = result;
  const { printed, tool, largestCount } = sanity;
  return {
    minEntropy: assessed,
    passed: assessed !== null,
    summary: summaryOf(result),
    warnings: [
      ...(tool.passed && !printed.passed
        ? [
            `the sanity check fails by the rule that SP 800-90B 3.1.4.3 prints: ${largestCount} is more than ${printed.cutoff}. NIST's tool passes up to ${tool.cutoff}`,
          ]
        : []),
      ...notRun("rows", rows),
      ...notRun("columns", columns),
    ],
    sections: [
      estimateTable(
        [
          { head: "rows", estimates: rows, scale: 1 },
          { head: "columns", estimates: columns, scale: 1 },
        ],
        `Min-entropy a symbol of ${whole(RESTARTS)} restarts with ${whole(SAMPLES_PER_RESTART)} samples each, row by row and column by column; ◂ is the least of its column.`,
      ),
      sanityTable(sanity),
      intermediateTable("Intermediate values, rows", rows),
      intermediateTable("Intermediate values, columns", columns),
    ],
  };
}
