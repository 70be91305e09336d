import { isReached, type Ratio } from "./ratio.ts";

/** Three digits that mean something; a unit other than `times` is named. */
export function figureText(value: number, unit: Ratio["unit"]): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  return unit === "times" ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

/** What is measured, the ratio, its spread, the goal and whether it is reached, the baseline, the figure. */
export function cellsOf(ratio: Ratio): string[] {
  const { what, baseline, unit, goal, better, lowest, highest, rounds, figure } = ratio;
  const text = (value: number): string => figureText(value, unit);
  const spread = rounds === 1 ? "one round" : `${text(lowest)} to ${text(highest)}`;
  const sign = better === "more" ? "≥" : "≤";
  const verdict = isReached(ratio) === true ? "reached" : "missed";
  const open = better === "less" ? "less is better" : "";
  const wanted = goal === null ? open : `${sign} ${text(goal)} ${verdict}`;
  return [what, text(ratio.median), spread, wanted, baseline, figure];
}

export const HEAD = ["what", "ratio", "spread", "goal", "beside", "figure"] as const;

/** A table for a terminal. */
export function alignedTable(ratios: readonly Ratio[]): string {
  const rows = [[...HEAD], ...ratios.map(cellsOf)];
  const widths = HEAD.map((_head, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isRight = (column: number): boolean => column === HEAD.indexOf("ratio");
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isRight(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return `${rows.map(line).join("\n")}\n`;
}
