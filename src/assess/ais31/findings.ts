import { whole } from "../report/text.ts";
import type { Findings, Section } from "../suite.ts";
import type { Ais31Result } from "./ais31.ts";
import type { Ais31v3Result } from "./ais31v3.ts";
import type { Verdict } from "./rounds.ts";

/** Null for what has no verdict. */
const passedOf = (verdicts: readonly Verdict[]): boolean | null => {
  if (verdicts.includes("failed")) return false;
  return verdicts.every((verdict) => verdict === "passed") ? true : null;
};

const word = (verdict: Verdict): string =>
  ({
    passed: "passed",
    failed: "failed",
    notApplicable: "not applicable",
    repeatNeeded: "a repeat is needed",
  })[verdict];

export function ais31Findings(result: Ais31Result): Findings {
  const { procedureA, procedureB } = result;
  const procedures = [
    ["procedure A", procedureA],
    ["procedure B", procedureB],
  ] as const;
  const ran = procedures.flatMap(([name, procedure]) => (procedure ? [{ name, procedure }] : []));
  const sections: Section[] = [
    {
      title: "Procedures",
      table: [
        ["procedure", "verdict", "failures by round", ""],
        ...ran.map(({ name, procedure }) => [
          name,
          word(procedure.verdict),
          procedure.rounds.map(({ failures }) => whole(failures)).join(", ") || "—",
          procedure.notApplicable ?? "",
        ]),
      ],
    },
  ];
  for (const [index, round] of (procedureB?.rounds ?? []).entries())
    sections.push({
      title: `Procedure B, round ${index + 1}`,
      table: [
        ["test", "value", "limit", ""],
        ...round.tests.map(({ test, value, limit, isPassed, notApplicable }) => [
          test,
          value === null ? "—" : value.toPrecision(6),
          limit,
          isPassed === null ? (notApplicable ?? "") : isPassed ? "passed" : "failed",
        ]),
      ],
    });
  return {
    minEntropy: null,
    passed: passedOf(ran.map(({ procedure }) => procedure.verdict)),
    summary: ran.map(({ name, procedure }) => `${name} ${word(procedure.verdict)}`).join(", "),
    warnings: ran.flatMap(({ name, procedure: { notApplicable } }) =>
      notApplicable === null ? [] : [`${name}: ${notApplicable}`],
    ),
    sections,
  };
}

export function ais31v3Findings(result: Ais31v3Result): Findings {
  const { verdict, notApplicable, rounds } = result;
  return {
    minEntropy: null,
    passed: passedOf([verdict]),
    summary: word(verdict),
    warnings: notApplicable === null ? [] : [notApplicable],
    sections: [
      {
        title: "Tests",
        table: [
          ["round", "test", "value", "limit", ""],
          ...rounds.flatMap((tests, round) =>
            tests.map(({ test, value, limit, isPassed }) => [
              String(round + 1),
              test,
              value.toPrecision(6),
              limit,
              isPassed ? "passed" : "failed",
            ]),
          ),
        ],
      },
    ],
  };
}
