import type { NistCase, NistRun } from "../nistJson.ts";
import { CASES } from "../nonIid/nistCases.ts";
import type { Restart } from "./restart.ts";

/** `ea_restart -n -o`: the estimates of rows and columns, and why no entropy is awarded where none is. */
export function restartRun(result: Restart): NistRun {
  const { bitsPerSymbol, alphabet, sanity, halfReached } = result;
  const { rows, columns, hRows, hColumns, initialEntropy } = result;
  const run = { isIid: false, type: "Restart" } as const;
  const failed = (error: string, cases: readonly NistCase[]): NistRun => ({ ...run, error, cases });
  if (alphabet < 2) return failed("All symbols are the same: there is no entropy.", []);
  if (!sanity.tool.passed) return failed("Restart Sanity Check Failed.", []);
  const estimates = CASES.flatMap(([name, description]): NistCase[] => {
    const row = rows.find(({ estimator }) => estimator === name);
    const column = columns.find(({ estimator }) => estimator === name);
    // Those for bits only, of more symbols than two.
    if (row === undefined || column === undefined) return [];
    return [
      {
        dataWordSize: bitsPerSymbol,
        ...(column.minEntropy === null ? {} : { h_c: column.minEntropy }),
        ...(row.minEntropy === null ? {} : { h_r: row.minEntropy }),
        testCaseDesc: description,
      },
    ];
  });
  if (!halfReached) return failed("min(H_r, H_c) < H_I/2, Validation Testing Failed.", estimates);
  const overall = { h_c: hColumns, h_i: initialEntropy, h_r: hRows, testCaseDesc: "Overall" };
  return { ...run, error: null, cases: [...estimates, overall] };
}
