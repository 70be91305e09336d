/*
 * A dashboard as data, in the order in which it is read. What Grafana makes of it is in `json.ts`.
 */

export interface Target {
  /** PromQL; each series that it gives keeps the label `instance`. */
  readonly expr: string;
  /** Tells the series of one instance apart; the instance is added to it. */
  readonly legend: string;
}

export type Colour = "green" | "orange" | "red" | "blue" | "purple" | "text";

/** A value in words. */
export interface Meaning {
  readonly value: number;
  readonly text: string;
  readonly colour: Colour;
}

/** From `from` up; null: from below everything. */
export interface Step {
  readonly from: number | null;
  readonly colour: Colour;
}

/** Ids of Grafana's units. */
export const UNITS = [
  "none",
  "short",
  "s",
  "bytes",
  "Bps",
  "cps",
  "reqps",
  "percentunit",
] as const;

export interface Panel {
  readonly title: string;
  /** What it shows, and what to do about it. */
  readonly description: string;
  /** `name`: a stat that shows what its series are called. */
  readonly type: "stat" | "name" | "timeseries" | "state-timeline";
  readonly unit: (typeof UNITS)[number];
  /** Of 24. */
  readonly columns: 3 | 4 | 6 | 8 | 12 | 24;
  readonly targets: readonly [Target, ...Target[]];
  /** In the order of the values. */
  readonly steps?: readonly Step[];
  readonly meanings?: readonly Meaning[];
  readonly maximum?: number;
  /** Instead of "No data", where none is a sound answer. */
  readonly none?: string;
}

export interface Row {
  readonly title: string;
  /** Height of its panels. */
  readonly rows: number;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** Its uid, and its file's name. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

/** Sound up to the first bound, worth a look up to the second, then bad. */
export const rising = (look: number, bad: number): readonly Step[] => [
  { from: null, colour: "green" },
  { from: look, colour: "orange" },
  { from: bad, colour: "red" },
];

/** Bad below the first bound, worth a look below the second, then sound. */
export const falling = (bad: number, look: number): readonly Step[] => [
  { from: null, colour: "red" },
  { from: bad, colour: "orange" },
  { from: look, colour: "green" },
];

export const YES_NO: readonly Meaning[] = [
  { value: 0, text: "no", colour: "red" },
  { value: 1, text: "yes", colour: "green" },
];
