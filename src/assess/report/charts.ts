/** Charts as SVG texts. Colours are CSS classes of the page, so that they follow its theme. */

const WIDTH = 640;
const HEIGHT = 180;
const LEFT = 70;
const BOTTOM = 24;
const TOP = 10;

interface Axis {
  readonly low: number;
  readonly high: number;
}

export interface ChartOptions {
  /** Read to those who cannot see it. */
  readonly title: string;
  readonly xFirst: string;
  readonly xLast: string;
  readonly y: Axis;
  /** Thin lines across, such as a confidence bound. */
  readonly levels?: readonly { readonly at: number; readonly text: string }[];
}

/** Text for HTML and SVG, in an element or in quotes. */
export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** Three digits that say something, without an exponent where it can be. */
export function figure(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

const round = (value: number): string => String(Math.round(value * 100) / 100);

const toX = (fraction: number): number => LEFT + fraction * (WIDTH - LEFT - 4);

function toY(value: number, { low, high }: Axis): number {
  const fraction = (value - low) / (high - low);
  return HEIGHT - BOTTOM - Math.min(1, Math.max(0, fraction)) * (HEIGHT - BOTTOM - TOP);
}

function frame({ title, xFirst, xLast, y, levels = [] }: ChartOptions, inner: string): string {
  const base = HEIGHT - BOTTOM;
  const lines = levels.map(({ at, text }) => {
    const where = round(toY(at, y));
    return `<line class="level" x1="${LEFT}" x2="${WIDTH - 4}" y1="${where}" y2="${where}"/><text class="level" x="${WIDTH - 6}" y="${round(toY(at, y) - 3)}" text-anchor="end">${escaped(text)}</text>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    inner,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - 4}" y1="${base}" y2="${base}"/>`,
    ...lines,
    `<text x="${LEFT - 6}" y="${TOP + 8}" text-anchor="end">${figure(y.high)}</text>`,
    `<text x="${LEFT - 6}" y="${base}" text-anchor="end">${figure(y.low)}</text>`,
    `<text x="${LEFT}" y="${HEIGHT - 6}">${escaped(xFirst)}</text>`,
    `<text x="${WIDTH - 4}" y="${HEIGHT - 6}" text-anchor="end">${escaped(xLast)}</text>`,
    "</svg>",
  ].join("");
}

/** Bars side by side, each from the axis' low end. */
export function barChart(
  values: ArrayLike<number>,
  options: ChartOptions & { readonly curve?: ArrayLike<number> },
): string {
  const step = 1 / values.length;
  const wide = (WIDTH - LEFT - 4) / values.length;
  const width = round(Math.max(0.4, wide > 4 ? wide - 1.5 : wide));
  const base = HEIGHT - BOTTOM;
  const bars = Array.from({ length: values.length }, (_, at) => {
    const top = toY(values[at]!, options.y);
    return `<rect class="bar" x="${round(toX(at * step))}" width="${width}" y="${round(top)}" height="${round(base - top)}"/>`;
  });
  const { curve } = options;
  const points = Array.from(
    { length: curve?.length ?? 0 },
    (_, at) => `${round(toX((at + 0.5) * step))} ${round(toY(curve![at]!, options.y))}`,
  );
  const line = curve ? `<path class="curve" d="M${points.join("L")}"/>` : "";
  return frame(options, bars.join("") + line);
}

/** One line, or stems from zero where a value has a sign. */
export function lineChart(
  values: ArrayLike<number>,
  options: ChartOptions & { readonly stems?: boolean },
): string {
  const last = Math.max(1, values.length - 1);
  if (options.stems) {
    const zero = round(toY(0, options.y));
    const stems = Array.from({ length: values.length }, (_, at) => {
      const x = round(toX(at / last));
      return `M${x} ${zero}V${round(toY(values[at]!, options.y))}`;
    });
    return frame(options, `<path class="line" d="${stems.join("")}"/>`);
  }
  const points = Array.from(
    { length: values.length },
    (_, at) => `${round(toX(at / last))} ${round(toY(values[at]!, options.y))}`,
  );
  return frame(options, `<path class="line" d="M${points.join("L")}"/>`);
}
