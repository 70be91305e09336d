import { escaped } from "./charts.ts";

export interface EstimatorBar {
  readonly name: string;
  /** What was estimated: `symbols` or `bits`. */
  readonly of: string;
  /** Bits a sample; null for one that could not run. */
  readonly value: number | null;
}

const WIDTH = 640;
const LEFT = 240;
const RIGHT = 70;
const ROW = 19;
const TOP = 22;

/** Lying bars from 0 to `most`, the least one marked, the claim as a line through all. */
export function estimatorBars(
  bars: readonly EstimatorBar[],
  most: number,
  claim: number | null,
): string {
  const height = TOP + bars.length * ROW + 8;
  const x = (value: number): number => LEFT + (value / most) * (WIDTH - LEFT - RIGHT);
  const least = Math.min(...bars.map(({ value }) => value ?? Infinity));
  const rows = bars.map(({ name, of, value }, index) => {
    const y = TOP + index * ROW;
    const text = `<text x="${LEFT - 8}" y="${y + 12}" text-anchor="end">${escaped(`${name}, ${of}`)}</text>`;
    if (value === null)
      return `${text}<text class="level" x="${LEFT + 4}" y="${y + 12}">not run</text>`;
    const kind = value === least ? "bar least" : "bar";
    const width = Math.max(1, x(value) - LEFT).toFixed(2);
    return `${text}<rect class="${kind}" x="${LEFT}" y="${y + 2}" width="${width}" height="${ROW - 6}"/><text x="${(x(value) + 5).toFixed(2)}" y="${y + 12}">${value.toFixed(4)}</text>`;
  });
  const line =
    claim === null
      ? ""
      : `<line class="claim" x1="${x(claim).toFixed(2)}" x2="${x(claim).toFixed(2)}" y1="${TOP - 6}" y2="${height - 6}"/><text class="claim" x="${x(claim).toFixed(2)}" y="${TOP - 9}" text-anchor="middle">claim ${claim}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Estimates of the min-entropy">${rows.join("")}<line class="axis" x1="${LEFT}" x2="${LEFT}" y1="${TOP}" y2="${height - 6}"/>${line}</svg>`;
}
