import { Registry, collectDefaultMetrics } from "prom-client";
import { DOORS } from "../port/lineage.ts";
import type { ClientUse } from "../port/principal.ts";
import type { Introspection } from "../port/service.ts";
import { CATALOGUE } from "./catalogue.ts";
import type { RequestTally } from "./requestTally.ts";
import { metricText } from "./text.ts";

export const PREFIX = "springhouse_";

/** The one metric that is no entry of the catalogue. */
export const DURATION = {
  name: `${PREFIX}request_duration_seconds`,
  help: "Time from a request's head to its answer's end.",
};

/** prom-client's defaults whose names `promtool check metrics` rejects: gauges called `_total`. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/**
 * What prom-client reads from Node's event-loop delay monitor, which wakes the process a hundred times
 * a second for as long as it lives: most of what an idle service would cost. It cannot be left out,
 * so it is set to look once an hour, and what it would say is not shown. `nodejs_eventloop_lag_seconds`,
 * measured at each scrape, stays.
 */
const LOOP_MONITOR_MILLISECONDS = 3_600_000;
const LOOP_MONITORED = ["min", "max", "mean", "stddev", "p50", "p90", "p99"].map(
  (figure) => `nodejs_eventloop_lag_${figure}_seconds`,
);

/** In the text format; doors need no escaping. */
function durationText({ doors }: RequestTally): string {
  const lines = DOORS.flatMap((door) =>
    doors[door].durations.series().map(({ suffix, le, value }) => {
      const bound = le === null ? "" : `le="${le}",`;
      return `${DURATION.name}${suffix}{${bound}door="${door}"} ${value}`;
    }),
  );
  const { name, help } = DURATION;
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines.join("\n")}\n`;
}

/** The Prometheus exposition of one service; prom-client adds what Node and the system say of the process. */
export class Exposition {
  readonly #registry = new Registry();
  readonly #introspection: Introspection;
  readonly #tally: RequestTally;
  readonly #clients: () => readonly ClientUse[];

  constructor(
    introspection: Introspection,
    tally: RequestTally,
    clients: () => readonly ClientUse[],
  ) {
    this.#introspection = introspection;
    this.#tally = tally;
    this.#clients = clients;
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: LOOP_MONITOR_MILLISECONDS,
    });
    for (const name of [...MISNAMED, ...LOOP_MONITORED]) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of `/metrics`, from one snapshot. */
  async render(): Promise<string> {
    const snapshot = this.#introspection.snapshot();
    const clients = this.#clients();
    const own = CATALOGUE.map((entry) =>
      metricText(
        { ...entry, name: PREFIX + entry.name },
        entry.read(snapshot, this.#tally, clients),
      ),
    );
    const process = await this.#registry.metrics();
    return `${own.join("")}${durationText(this.#tally)}${process}`;
  }
}
