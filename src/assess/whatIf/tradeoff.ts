import { escaped, whole } from "../report/text.ts";

/** One chart: false alarms against time to detect, both by powers of ten. Texts of SVG. */

const WIDTH = 480;
const HEIGHT = 330;
const LEFT = 76;
const RIGHT = 14;
const TOP = 34;
const BOTTOM = 46;
const BASE = HEIGHT - BOTTOM;
/** Of what was not found: above all that was. */
const NEVER = TOP + 12;
const HIGHEST = TOP + 34;

export interface Point {
  /** A day, computed; above 0. */
  readonly falseAlarms: number;
  /** Null: not found in half of the places. */
  readonly samples: number | null;
  readonly slowest: number | null;
  readonly label: string;
  /** Read by those who point at it, or cannot see it. */
  readonly title: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface TradeoffOptions {
  readonly title: string;
  readonly budget: number;
  readonly limitSamples: number;
  /** Powers of ten at the ends of both axes, the same for all charts of a page. */
  readonly xPowers: readonly [low: number, high: number];
  readonly yPowers: readonly [low: number, high: number];
}

const round = (value: number): string => String(Math.round(value * 100) / 100);

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerText(power: number): string {
  if (power === 0) return "1";
  const digits = String(Math.abs(power)).replaceAll(/\d/g, (digit) => SUPERSCRIPTS[Number(digit)]!);
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}

/** Tells series apart without colour, each about as large as the others. */
const MARKS: readonly ((x: number, y: number) => string)[] = [
  (x, y) => `M${round(x - 4.5)} ${round(y)}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z`,
  (x, y) => `M${round(x - 4)} ${round(y - 4)}h8v8h-8z`,
  (x, y) => `M${round(x)} ${round(y - 5)}l5 9h-10z`,
  (x, y) => `M${round(x)} ${round(y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5z`,
  (x, y) => `M${round(x)} ${round(y + 5)}l5 -9h-10z`,
  (x, y) => `M${round(x - 2)} ${round(y - 5)}h4v3h3v4h-3v3h-4v-3h-3v-4h3z`,
];

export const MOST_SERIES = MARKS.length;

/** The mark of a series alone, for a legend. */
export function markOf(series: number): string {
  return `<svg class="mark s${series}" viewBox="0 0 14 14" aria-hidden="true"><path d="${MARKS[series]!(7, 7)}"/></svg>`;
}

function ticksOf([low, high]: readonly [number, number], most: number): number[] {
  const step = Math.max(1, Math.ceil((high - low) / most));
  const ticks: number[] = [];
  for (let power = Math.ceil(low / step) * step; power <= high; power += step) ticks.push(power);
  return ticks;
}

/** A series in a chart: its line through what was found, a whisker to the slowest, and its marks. */
export function tradeoffChart(series: readonly Series[], options: TradeoffOptions): string {
  const { title, budget, limitSamples, xPowers, yPowers } = options;
  const place = (value: number, [low, high]: readonly [number, number]): number =>
    Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low)));
  const toX = (value: number): number => LEFT + place(value, xPowers) * (WIDTH - LEFT - RIGHT);
  const toY = (value: number): number => BASE - place(value, yPowers) * (BASE - HIGHEST);
  const right = WIDTH - RIGHT;

  const grid = ticksOf(yPowers, 6).map((power) => {
    const y = round(toY(10 ** power));
    return `<line class="grid" x1="${LEFT}" x2="${right}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${round(toY(10 ** power) + 4)}" text-anchor="end">${whole(10 ** power)}</text>`;
  });
  const marks = ticksOf(xPowers, 7).map((power) => {
    const x = round(toX(10 ** power));
    return `<line class="axis" x1="${x}" x2="${x}" y1="${BASE}" y2="${BASE + 4}"/><text x="${x}" y="${BASE + 18}" text-anchor="middle">${powerText(power)}</text>`;
  });
  const never = `<line class="grid" x1="${LEFT}" x2="${right}" y1="${NEVER}" y2="${NEVER}" stroke-dasharray="2 4"/><text x="${LEFT - 6}" y="${NEVER + 4}" text-anchor="end">never</text>`;
  const at = toX(budget);
  const limit = `<rect class="beyond" x="${round(at)}" y="${TOP}" width="${round(right - at)}" height="${BASE - TOP}"/><line class="level" x1="${round(at)}" x2="${round(at)}" y1="${TOP}" y2="${BASE}"/>`;
  const drawn = series.map(({ points }, index) => {
    const found = points.filter(({ samples }) => samples !== null);
    const path = found.map(
      ({ falseAlarms, samples }) => `${round(toX(falseAlarms))} ${round(toY(samples!))}`,
    );
    const whiskers = found.map(({ falseAlarms, samples, slowest }) => {
      const x = round(toX(falseAlarms));
      return slowest === null ? "" : `M${x} ${round(toY(samples!))}V${round(toY(slowest))}`;
    });
    const dots = points.map(({ falseAlarms, samples, title: words }) => {
      const y = samples === null ? NEVER : toY(samples);
      return `<path class="dot${samples === null ? " none" : ""}" d="${MARKS[index]!(toX(falseAlarms), y)}"><title>${escaped(words)}</title></path>`;
    });
    return [
      `<g class="s${index}">`,
      path.length > 1 ? `<path class="thread" d="M${path.join("L")}"/>` : "",
      `<path class="whisker" d="${whiskers.join("")}"/>`,
      ...dots,
      "</g>",
    ].join("");
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    limit,
    ...grid,
    never,
    `<line class="axis" x1="${LEFT}" x2="${right}" y1="${BASE}" y2="${BASE}"/>`,
    ...marks,
    ...drawn,
    `<text class="label" x="0" y="12">samples to find it (never: not within ${whole(limitSamples)})</text>`,
    `<text class="label" x="${right}" y="${HEIGHT - 8}" text-anchor="end">false alarms a day, computed</text>`,
    "</svg>",
  ].join("");
}
