import { escaped } from "./text.ts";

export interface EstimatorBar {
  readonly name: string;
  /** Bits a sample; null for one that could not run. */
  readonly value: number | null;
}

export interface BarGroup {
  /** What was estimated. */
  readonly title: string;
  readonly bars: readonly EstimatorBar[];
}

/**
 * Lying bars from 0 to `most`, the least one marked, the claim as a line through all. Text and boxes and
 * no picture: it can be read aloud, and fits a small screen.
 */
export function estimatorBars(
  groups: readonly BarGroup[],
  most: number,
  claim: number | null,
): string {
  const share = (value: number): string => `${((100 * value) / most).toFixed(2)}%`;
  const all = groups.flatMap(({ bars }) => bars.map(({ value }) => value ?? Infinity));
  const least = Math.min(...all);
  const mark =
    claim === null
      ? ""
      : `<span class="claim" style="left:${share(claim)}" aria-hidden="true"></span>`;
  const row = ({ name, value }: EstimatorBar): string => {
    const bar =
      value === null
        ? ""
        : `<span class="fill" style="width:${share(value)}" aria-hidden="true"></span>`;
    const text = value === null ? "not run" : value.toFixed(4);
    const kind = value !== null && value === least ? ' class="least"' : "";
    return `<li${kind}><span class="name">${escaped(name)}</span><span class="track">${bar}${mark}</span><span class="value">${text}${kind ? " ◂" : ""}</span></li>`;
  };
  const parts = groups.map(
    ({ title, bars }) => `<h3>${escaped(title)}</h3><ul>${bars.map(row).join("")}</ul>`,
  );
  const claimText =
    claim === null
      ? ""
      : `<span class="claimed" style="left:${share(claim)}"><b>claim ${claim}</b></span>`;
  const scale = `<div class="scale"><span class="name"></span><span class="track"><span class="low">0</span>${claimText}<span class="high">${most}</span></span><span class="value">bits</span></div>`;
  return `<div class="bars">${parts.join("")}${scale}</div>`;
}
