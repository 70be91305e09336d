import type { Campaign } from "../campaign.ts";
import { datasetOf } from "../nonIid/dataset.ts";
import { estimates, type AnyEstimate, type Group } from "../nonIid/nonIid.ts";
import type { Samples } from "../samples.ts";
import {
  ALPHA_PRINTED,
  ALPHA_TOOL,
  exceedance,
  largestCounts,
  printedCutoff,
  RESTARTS,
  SAMPLES_PER_RESTART,
  toolCutoff,
  transposed,
} from "./sanity.ts";

export const MATRIX_SAMPLES = RESTARTS * SAMPLES_PER_RESTART;

/** The samples in the order of the restarts, or of what comes n-th after each (SP 800-90B 3.1.4.1). */
export type Direction = "rows" | "columns";

export interface RestartTask {
  readonly direction: Direction;
  readonly group: Group;
}

export interface SanityRule {
  readonly alpha: number;
  /** The largest count that passes. */
  readonly cutoff: number;
  readonly passed: boolean;
}

export interface Sanity {
  /** F of 3.1.4.3, X_max of NIST's tool: the largest count of a symbol in any row or column. */
  readonly largestCount: number;
  readonly largestCountRows: number;
  readonly largestCountColumns: number;
  /** The rule of NIST's tool, computed and not simulated. It decides. */
  readonly tool: SanityRule;
  /** The rule as SP 800-90B prints it, which does not count how many symbols there are. */
  readonly printed: SanityRule & {
    /** How often a source that is as good as claimed fails it, rows and columns taken as independent. */
    readonly falseAlarmProbability: number;
  };
}

export interface Restart {
  readonly bitsPerSymbol: number;
  readonly alphabet: number;
  /** H_I: the initial estimate, bits a sample. */
  readonly initialEntropy: number;
  readonly sanity: Sanity;
  readonly rows: readonly AnyEstimate[];
  readonly columns: readonly AnyEstimate[];
  /** H_r and H_c: the least of each, of the symbols as they are (no bitstring). */
  readonly hRows: number;
  readonly hColumns: number;
  /** Neither is below half of H_I (3.1.4.2). */
  readonly halfReached: boolean;
  /** min(H_r, H_c, H_I); null where the validation fails, since then no entropy is awarded. */
  readonly assessed: number | null;
}

/** The longest first, so that threads end together. */
const TASKS: readonly RestartTask[] = [
  { direction: "rows", group: "predictors" },
  { direction: "columns", group: "predictors" },
  { direction: "rows", group: "counts" },
  { direction: "columns", group: "counts" },
];

/**
 * The restart tests of SP 800-90B 3.1.4, as work for threads.
 * @param samples exactly 1,000,000: 1,000 samples after each of 1,000 restarts
 * @param initialEntropy H_I, above 0, at most the symbol's bits
 */
export function restartCampaign(
  samples: Samples,
  initialEntropy: number,
): Campaign<RestartTask, readonly AnyEstimate[], Restart> {
  const waiting = [...TASKS];
  const found = new Map<RestartTask, readonly AnyEstimate[]>();
  const of = (direction: Direction): readonly AnyEstimate[] =>
    (["counts", "predictors"] as const).flatMap(
      (group) =>
        [...found].find(([task]) => task.direction === direction && task.group === group)?.[1] ??
        [],
    );
  return {
    next: () => waiting.shift() ?? null,
    take(task, part) {
      found.set(task, part);
    },
    result() {
      if (found.size < TASKS.length) return null;
      return assemble(samples, initialEntropy, of("rows"), of("columns"));
    },
    progress: () => `${found.size} of ${TASKS.length} parts estimated`,
  };
}

/** @param tell called after each estimate */
export function runRestartTask(
  { symbols, bitsPerSymbol }: Samples,
  { direction, group }: RestartTask,
  tell: (progress: string) => void,
): readonly AnyEstimate[] {
  const dataset = direction === "rows" ? symbols : transposed(symbols);
  const found: AnyEstimate[] = [];
  for (const estimate of estimates("literal", group, { symbols: dataset, bitsPerSymbol })) {
    found.push(estimate);
    tell(`${estimate.estimator} of the ${direction}`);
  }
  return found;
}

function assemble(
  samples: Samples,
  initialEntropy: number,
  rows: readonly AnyEstimate[],
  columns: readonly AnyEstimate[],
): Restart {
  const { symbols, bitsPerSymbol } = samples;
  const least = (all: readonly AnyEstimate[]): number =>
    all.reduce((low, { minEntropy }) => Math.min(low, minEntropy ?? bitsPerSymbol), bitsPerSymbol);
  const hRows = least(rows);
  const hColumns = least(columns);
  const sanity = sanityOf(symbols, initialEntropy);
  const halfReached = Math.min(hRows, hColumns) >= initialEntropy / 2;
  return {
    bitsPerSymbol,
    alphabet: datasetOf(samples).alphabet,
    initialEntropy,
    sanity,
    rows,
    columns,
    hRows,
    hColumns,
    halfReached,
    assessed: sanity.tool.passed && halfReached ? Math.min(hRows, hColumns, initialEntropy) : null,
  };
}

function sanityOf(symbols: Uint8Array, initialEntropy: number): Sanity {
  const { rows, columns } = largestCounts(symbols);
  const largestCount = Math.max(rows, columns);
  const tool = toolCutoff(initialEntropy);
  const printed = printedCutoff(initialEntropy);
  const lines = RESTARTS + SAMPLES_PER_RESTART;
  return {
    largestCount,
    largestCountRows: rows,
    largestCountColumns: columns,
    tool: { alpha: ALPHA_TOOL, cutoff: tool, passed: largestCount <= tool },
    printed: {
      alpha: ALPHA_PRINTED,
      cutoff: printed,
      passed: largestCount <= printed,
      falseAlarmProbability: -Math.expm1(lines * Math.log1p(-exceedance(initialEntropy, printed))),
    },
  };
}
