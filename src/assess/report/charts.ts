import type { Scale } from "./scale.ts";
import { escaped, figure } from "./text.ts";

/** Charts as SVG texts. Colours are CSS classes of the page, so that they follow its theme. */

const WIDTH = 480;
const HEIGHT = 250;
const LEFT = 62;
const RIGHT = 8;
const TOP = 26;
const BOTTOM = 44;
const BASE = HEIGHT - BOTTOM;

export interface ChartOptions {
  /** Read to those who cannot see it: what there is to be seen, in a sentence. */
  readonly title: string;
  /** What the axes are, with units. */
  readonly xLabel: string;
  readonly yLabel: string;
  /** Places on the x axis, 0 to 1, and what stands there. */
  readonly xTicks: readonly { readonly at: number; readonly text: string }[];
  readonly y: Scale;
  /** Thin lines across, such as a confidence bound. */
  readonly levels?: readonly { readonly at: number; readonly text: string }[];
}

const round = (value: number): string => String(Math.round(value * 100) / 100);

const toX = (fraction: number): number => LEFT + fraction * (WIDTH - LEFT - RIGHT);

const toY = (value: number, scale: Scale): number => BASE - scale.place(value) * (BASE - TOP);

function frame(
  { title, xLabel, yLabel, xTicks, y, levels = [] }: ChartOptions,
  inner: string,
): string {
  const grid = y.ticks.map((tick) => {
    const at = round(toY(tick, y));
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text x="${LEFT - 6}" y="${round(toY(tick, y) + 4)}" text-anchor="end">${figure(tick)}</text>`;
  });
  const marks = xTicks.map(({ at, text }) => {
    const x = round(toX(at));
    return `<line class="axis" x1="${x}" x2="${x}" y1="${BASE}" y2="${BASE + 4}"/><text x="${x}" y="${BASE + 17}" text-anchor="${at < 0.03 ? "start" : at > 0.97 ? "end" : "middle"}">${escaped(text)}</text>`;
  });
  const lines = levels.map(({ at, text }) => {
    const where = round(toY(at, y));
    return `<line class="level" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${where}" y2="${where}"/><text class="level" x="${WIDTH - RIGHT - 2}" y="${round(toY(at, y) - 4)}" text-anchor="end">${escaped(text)}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...grid,
    inner,
    ...lines,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${BASE}" y2="${BASE}"/>`,
    ...marks,
    `<text class="label" x="0" y="12">${escaped(yLabel)}</text>`,
    `<text class="label" x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${escaped(xLabel)}</text>`,
    "</svg>",
  ].join("");
}

/** Bars side by side, each from the axis' low end; a curve through what was expected of them. */
export function barChart(
  values: ArrayLike<number>,
  options: ChartOptions & { readonly curve?: ArrayLike<number> },
): string {
  const step = 1 / values.length;
  const wide = (WIDTH - LEFT - RIGHT) / values.length;
  // Two bars need not fill the page.
  const width = Math.min(80, Math.max(0.4, wide > 4 ? wide - 1.5 : wide));
  const bars = Array.from({ length: values.length }, (_, at) => {
    const top = toY(values[at]!, options.y);
    const x = toX((at + 0.5) * step) - width / 2;
    return `<rect class="bar" x="${round(x)}" width="${round(width)}" y="${round(top)}" height="${round(BASE - top)}"/>`;
  });
  const { curve } = options;
  const points = Array.from(
    { length: curve?.length ?? 0 },
    (_, at) => `${round(toX((at + 0.5) * step))} ${round(toY(curve![at]!, options.y))}`,
  );
  const line = curve ? `<path class="curve" d="M${points.join("L")}"/>` : "";
  return frame(options, bars.join("") + line);
}

/** One line through values that are evenly apart. */
export function lineChart(values: ArrayLike<number>, options: ChartOptions): string {
  const last = Math.max(1, values.length - 1);
  const points = Array.from(
    { length: values.length },
    (_, at) => `${round(toX(at / last))} ${round(toY(values[at]!, options.y))}`,
  );
  return frame(options, `<path class="line" d="M${points.join("L")}"/>`);
}

/** Stems from zero, for values that have a sign. */
export function stemChart(values: ArrayLike<number>, options: ChartOptions): string {
  const zero = round(toY(0, options.y));
  const stems = Array.from({ length: values.length }, (_, at) => {
    const x = round(toX((at + 0.5) / values.length));
    return `M${x} ${zero}V${round(toY(values[at]!, options.y))}`;
  });
  return frame(options, `<path class="stem" d="${stems.join("")}"/>`);
}
