/** One comparison of a benchmark: how many times as fast (or as frugal) as its baseline of the same run. */
export interface Ratio {
  readonly what: string;
  readonly baseline: string;
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
  naming: Pick<Ratio, "what" | "baseline" | "goal" | "figure"> & {
    readonly better?: "more" | "less";
  },
  ratios: readonly number[],
): Ratio {
  return {
    better: "more",
    ...naming,
    median: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    rounds: ratios.length,
  };
}

export function printRatio(ratio: Ratio): void {
  const { what, baseline, goal, better, lowest, highest, rounds, figure } = ratio;
  const spread = `${lowest.toFixed(2)} to ${highest.toFixed(2)} in ${rounds} rounds`;
  const wanted = goal === null ? "" : `; goal ${better === "more" ? ">=" : "<="} ${goal}`;
  console.log(`${what}: ${ratio.median.toFixed(2)} of ${baseline} (${spread}${wanted}); ${figure}`);
}
