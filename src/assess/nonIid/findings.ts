import { decimals, whole } from "../report/text.ts";
import type { Samples } from "../samples.ts";
import type { Findings, Section, SuiteParameters } from "../suite.ts";
import type { AnyEstimate, NonIid } from "./nonIid.ts";

/** SP 800-90B 3.1.1 asks for so many. */
const WANTED_SAMPLES = 1_000_000;

/** By their clauses. */
export const ESTIMATOR_NAMES: Readonly<Record<AnyEstimate["estimator"], string>> = {
  mostCommonValue: "most common value (6.3.1)",
  collision: "collision (6.3.2)",
  markov: "Markov (6.3.3)",
  compression: "compression (6.3.4)",
  tTuple: "t-tuple (6.3.5)",
  lrs: "LRS (6.3.6)",
  multiMcw: "MultiMCW (6.3.7)",
  lag: "lag (6.3.8)",
  multiMmc: "MultiMMC (6.3.9)",
  lz78y: "LZ78Y (6.3.10)",
};
const ORDER = Object.keys(ESTIMATOR_NAMES) as readonly AnyEstimate["estimator"][];

export function sampleWarnings(samples: number): readonly string[] {
  return samples >= WANTED_SAMPLES
    ? []
    : [
        `${whole(samples)} samples: SP 800-90B 3.1.1 asks for ${whole(WANTED_SAMPLES)}, and fewer give lower figures`,
      ];
}

export function notRun(part: string, estimates: readonly AnyEstimate[]): string[] {
  return estimates.flatMap((estimate) =>
    estimate.minEntropy === null
      ? [
          `${ESTIMATOR_NAMES[estimate.estimator]} was not run on the ${part}: ${estimate.notApplicable}`,
        ]
      : [],
  );
}

/** Estimates that stand side by side in a table. */
export interface EstimateColumn {
  readonly head: string;
  readonly estimates: readonly AnyEstimate[];
  /** To show bits as the symbol that they are of. */
  readonly scale: number;
}

/** A row for each estimator that any column has. @param note what the figures are of */
export function estimateTable(columns: readonly EstimateColumn[], note: string): Section {
  const figure = ({ estimates, scale }: EstimateColumn, name: string): string => {
    const estimate = estimates.find(({ estimator }) => estimator === name);
    if (!estimate) return "";
    if (estimate.minEntropy === null) return "not run";
    const least = Math.min(...estimates.map(({ minEntropy }) => minEntropy ?? Infinity));
    const mark = estimate.minEntropy === least ? " ◂" : "";
    return decimals(estimate.minEntropy * scale) + mark;
  };
  const rows = ORDER.map((name) => [
    ESTIMATOR_NAMES[name],
    ...columns.map((column) => figure(column, name)),
  ]).filter(([, ...figures]) => figures.some((text) => text !== ""));
  return {
    title: "Estimates in figures",
    note,
    table: [["estimator", ...columns.map(({ head }) => head)], ...rows],
  };
}

/** Every intermediate value, for whoever recomputes it. */
export function intermediateTable(title: string, estimates: readonly AnyEstimate[]): Section {
  const rows = estimates.flatMap((estimate) =>
    Object.entries(estimate)
      .filter(([key]) => key !== "estimator" && key !== "minEntropy")
      .map(([key, value], index) => [
        index === 0 ? ESTIMATOR_NAMES[estimate.estimator] : "",
        key,
        value === null ? "—" : String(value),
      ]),
  );
  return { title, table: [["estimator", "value", ""], ...rows] };
}

export function nonIidFindings(
  result: NonIid,
  _samples: Samples,
  { claimedEntropy }: SuiteParameters,
): Findings {
  const { literal, bitstring, assessed, hOriginal, hBitstring, bitsPerSymbol } = result;
  const parts = [`H_original ${decimals(hOriginal)}`];
  if (hBitstring !== null)
    parts.push(`${bitsPerSymbol} x H_bitstring ${decimals(bitsPerSymbol * hBitstring)}`);
  return {
    minEntropy: Math.min(assessed, claimedEntropy ?? Infinity),
    passed: claimedEntropy === null ? null : assessed >= claimedEntropy,
    summary: `assessed min-entropy ${decimals(assessed)} bits a sample (${parts.join(", ")})`,
    warnings: [
      ...sampleWarnings(result.samples),
      ...notRun("symbols", literal),
      ...notRun("bits", bitstring ?? []),
    ],
    sections: [
      estimateTable(
        [
          { head: "symbols", estimates: literal, scale: 1 },
          ...(bitstring
            ? [
                { head: "bits", estimates: bitstring, scale: 1 },
                { head: `${bitsPerSymbol} bits`, estimates: bitstring, scale: bitsPerSymbol },
              ]
            : []),
        ],
        "Min-entropy a symbol, a bit, and a symbol's bits; ◂ is the least of its column.",
      ),
      intermediateTable("Intermediate values, symbols", literal),
      ...(bitstring ? [intermediateTable("Intermediate values, bits", bitstring)] : []),
    ],
  };
}
