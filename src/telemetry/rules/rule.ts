import { series } from "../query.ts";

/** One series in promtool's notation, a value a minute from minute 0 on. */
export interface Feed {
  readonly series: string;
  readonly values: string;
}

/** A stretch of time that an alert is tried on. */
export interface Trial {
  readonly feed: readonly Feed[];
  /** It fires from the first of these minutes to the last, without a break; null: in none. */
  readonly firing: readonly [number, number] | null;
  /** Default 30. */
  readonly minutes?: number;
}

export interface Alert {
  readonly name: string;
  /** Its labels but the severity are those of the service and, if it is about one, of the part. */
  readonly expr: string;
  /** For how long it must hold, and for how long it goes on firing afterwards. */
  readonly for: string;
  readonly keepFiringFor?: string;
  /** page: somebody must get up. ticket: within a working day. */
  readonly severity: "page" | "ticket";
  readonly summary: string;
  /** The first thing to do, in one line. */
  readonly remedy: string;
  /** Its section in the runbook. */
  readonly meaning: string;
  readonly steps: readonly string[];
  /** Labels of the alert in the trials, besides `AT` and severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The trouble comes and, where it can, goes. */
  readonly fires: Trial;
  /** The trouble comes and goes every other minute: at most one alert, without a break. */
  readonly flaps: Trial;
  /** The first minutes of a sound service: silent. */
  readonly warmUp: Trial;
  /** What looks alike and is no trouble: silent. */
  readonly alike?: Trial;
}

export interface Recording {
  /** LEVEL:METRIC:OPERATIONS, as Prometheus' own guide names them. */
  readonly name: string;
  readonly expr: string;
  readonly trial: {
    readonly feed: readonly Feed[];
    readonly at: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly value: number;
  };
}

/** What a scrape adds to each series, and so to each alert, in the trials. */
export const AT = { instance: "a", job: "springhouse" } as const;

/** A series of the trials: its name, its own labels. */
export function feed(
  name: Parameters<typeof series>[0],
  labels: Readonly<Record<string, string>>,
  values: string,
): Feed {
  const own = Object.entries({ ...labels, ...AT }).map(([label, value]) => `${label}="${value}"`);
  return { series: `${series(name)}{${own.join(", ")}}`, values };
}

/** Values over and over, in promtool's notation. */
export const again = (pattern: string, times: number): string =>
  Array.from({ length: times }, () => pattern).join(" ");

/** A counter that gains these, over and over. */
export function adding(gains: readonly number[], times: number): string {
  let total = 0;
  return Array.from({ length: times }, () => gains)
    .flat()
    .map((gain) => (total += gain))
    .join(" ");
}

/** What a start needs: startup tests, and the noise of the first seed from a slow source. */
const WARM_UP_SECONDS = 300;

/** Silences what every start goes through; what is still wrong after it is told then. */
export const warm = (expr: string): string =>
  `(${expr}) and on (instance, job) (time() - ${series("start_timestamp_seconds")} > ${WARM_UP_SECONDS})`;

/** The service began at minute 0 of the trial, or long before it. */
export const JUST_STARTED = feed("start_timestamp_seconds", {}, "0x200");
export const LONG_STARTED = feed("start_timestamp_seconds", {}, "-90000x200");
