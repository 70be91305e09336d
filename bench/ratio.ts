/** One comparison of a benchmark with its baseline of the same run. */
export interface Ratio {
  readonly what: string;
  readonly baseline: string;
  /** `times` its baseline, or how far from it in another unit. */
  readonly unit: "times" | "MB" | "%";
  /** What issue or specification asks for; null where nothing does. */
  readonly goal: number | null;
  /** Whether more is better, as with a speed, or less, as with a latency. */
  readonly better: "more" | "less";
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly rounds: number;
  /** The figure itself in its own unit, as text. */
  readonly figure: string;
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Of as many ratios as there were rounds. */
export function ratioOf(
  naming: Pick<Ratio, "what" | "baseline" | "goal" | "figure"> &
    Partial<Pick<Ratio, "better" | "unit">>,
  ratios: readonly number[],
): Ratio {
  return {
    better: "more",
    unit: "times",
    ...naming,
    median: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    rounds: ratios.length,
  };
}

/** Of two figures a round, the one over the other. */
export const quotients = (over: readonly number[], under: readonly number[]): number[] =>
  over.map((value, round) => value / under[round]!);

/** Whether its median is as asked for; null where nothing is. */
export function isReached({ goal, better, median: value }: Ratio): boolean | null {
  if (goal === null) return null;
  return better === "more" ? value >= goal : value <= goal;
}

/** Set for a trial of the benches themselves. */
const ROUNDS = process.env["SPRINGHOUSE_BENCH_ROUNDS"];
export const isTrial = ROUNDS !== undefined;

/** How many rounds to run where a bench is usually run for so many. */
export function rounds(usual: number): number {
  if (ROUNDS === undefined) return usual;
  const asked = Number(ROUNDS);
  if (!Number.isInteger(asked) || asked < 1)
    throw new Error("SPRINGHOUSE_BENCH_ROUNDS is a whole number, at least 1");
  return Math.min(usual, asked);
}
