import { whole } from "../report/text.ts";
import type { Findings, Section } from "../suite.ts";
import type { Sts, StsCorrection, StsSeries } from "./summary.ts";

/** Results of one test and many labels that are shown one by one; the JSON has all. */
const SHOWN_LABELS = 2;
/** Reasons of a verdict that are told in its sentence. */
const TOLD_REASONS = 2;

/** Three digits, small ones with an exponent. */
function pText(value: number | null): string {
  if (value === null) return "—";
  return value < 1e-4 && value > 0 ? value.toExponential(2) : value.toFixed(6);
}

const least = (series: StsSeries): number =>
  series.pValues.reduce<number>((low, value) => Math.min(low, value ?? 1), 1);

/** A line for each result; of templates, the ones with the smallest p-values. */
function seriesTable({ series, parameters, notApplicable }: Sts): Section {
  const one = parameters.streams === 1;
  const tests = [...new Set(series.map(({ test }) => test))];
  const rows = tests.flatMap((test) => {
    const all = series.filter((entry) => entry.test === test);
    const shown =
      all.length <= SHOWN_LABELS ? all : all.toSorted((a, b) => least(a) - least(b)).slice(0, 1);
    return shown.map((entry) => {
      const { proportion, uniformity, pValues } = entry;
      const label =
        all.length <= SHOWN_LABELS ? entry.label : `least of ${all.length}: ${entry.label}`;
      return one
        ? [test, label, pText(pValues[0] ?? null)]
        : [
            test,
            label,
            `${proportion.passed} of ${proportion.streams}`,
            pText(uniformity),
            pText(least(entry)),
          ];
    });
  });
  const absent = [...new Set(notApplicable.map(({ test }) => test))].map((test) => {
    const reasons = notApplicable.filter((absence) => absence.test === test);
    const count = new Set(reasons.flatMap(({ streams }) => streams)).size;
    return [test, reasons[0]!.reason, one ? "not run" : `not run on ${whole(count)}`];
  });
  return {
    title: "Tests",
    note: one
      ? "p-values of the one stream."
      : `Streams that passed at ${parameters.alpha}, the uniformity of their p-values, and the least p-value.`,
    table: [
      one ? ["test", "", "p-value"] : ["test", "", "passed", "uniformity", "least p-value"],
      ...rows,
      ...absent,
    ],
  };
}

function correctionTable(name: string, { level, pValues, rejected }: StsCorrection): Section {
  return {
    title: `${name}, at ${level} over ${whole(pValues)} p-values`,
    note: rejected.length === 0 ? "It rejects none." : "What it rejects.",
    table:
      rejected.length === 0
        ? []
        : [
            ["test", "", "stream", "p-value", "corrected"],
            ...rejected.map(({ test, label, stream, pValue, adjusted }) => [
              test,
              label,
              String(stream),
              pText(pValue),
              pText(adjusted),
            ]),
          ],
  };
}

function reasonsText({ reasons, parameters }: Sts): string {
  const { streams, bitsPerStream } = parameters;
  if (reasons.length === 0) return `${whole(streams)} streams of ${whole(bitsPerStream)} bits`;
  const more = reasons.length - TOLD_REASONS;
  const told = reasons.slice(0, TOLD_REASONS).join("; ");
  return more > 0 ? `${told}; and ${whole(more)} more` : told;
}

export function stsFindings(result: Sts): Findings {
  const { verdict, reasons, remarks, parameters, constants } = result;
  const word = {
    passed: "passed",
    failed: "failed",
    escalated: "failed, beyond chance",
    "not-applicable": "not applicable",
  }[verdict];
  return {
    minEntropy: null,
    passed: verdict === "not-applicable" ? null : verdict === "passed",
    summary: `${word}: ${reasonsText(result)}`,
    warnings: remarks,
    sections: [
      seriesTable(result),
      { title: "Verdict", table: [["reason"], ...reasons.map((reason) => [reason])] },
      correctionTable("Holm", result.holm),
      correctionTable("Benjamini-Hochberg", result.benjaminiHochberg),
      {
        title: "Where text and program disagree",
        note: `Constants of the ${parameters.constants} were used; the p-values by the other's, stream by stream.`,
        table: [
          ["test", "used", "p-values by the other's"],
          ...constants.map(({ test, used, pValuesOfOther }) => [
            test,
            used,
            pValuesOfOther.slice(0, 10).map(pText).join(" "),
          ]),
        ],
      },
    ],
  };
}
