/*
 * The Grafana dashboard as data, top to bottom in the order in which an operator asks: does it serve,
 * are the sources sound, how close to an alarm, are there seeds, who is asking. `dashboards/` holds
 * what scripts/generate.ts makes of it.
 */

interface Target {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly why: string;
  readonly type: "stat" | "timeseries" | "state-timeline";
  readonly unit: string;
  /** Twelve columns are half a row of 24. */
  readonly columns: 4 | 6 | 8 | 12 | 24;
  readonly targets: readonly Target[];
  /** Below or above which the figure turns red: [red up to, then green] or its reverse. */
  readonly good?: "high" | "low";
}

interface Row {
  readonly title: string;
  readonly rows: number;
  readonly panels: readonly Panel[];
}

const where = '{instance=~"$instance"}';

export const ROWS: readonly Row[] = [
  {
    title: "Does it serve?",
    rows: 4,
    panels: [
      {
        title: "Ready",
        why: "1: self-tests passed and an instance is seeded.",
        type: "stat",
        unit: "bool_yes_no",
        columns: 4,
        good: "high",
        targets: [{ expr: `min(springhouse_ready${where})`, legend: "ready" }],
      },
      {
        title: "Quorum",
        why: "Healthy credited sources against those the quorum asks for.",
        type: "stat",
        unit: "short",
        columns: 4,
        targets: [
          { expr: `springhouse_quorum_sources${where}`, legend: "have" },
          { expr: `springhouse_quorum_required_sources${where}`, legend: "need" },
        ],
      },
      {
        title: "Sources failed",
        why: "Latched: an operator must reset them.",
        type: "stat",
        unit: "short",
        columns: 4,
        good: "low",
        targets: [
          {
            expr: `sum(springhouse_source_state{instance=~"$instance",state="failed"})`,
            legend: "failed",
          },
        ],
      },
      {
        title: "Oldest seed in use",
        why: "How long ago the instance that waited longest took its seed.",
        type: "stat",
        unit: "s",
        columns: 4,
        targets: [
          { expr: `time() - min(springhouse_drbg_seed_timestamp_seconds${where})`, legend: "age" },
        ],
      },
      {
        title: "Construction",
        why: "The shape in SP 800-90C's words, and whether it is validated.",
        type: "stat",
        unit: "short",
        columns: 8,
        targets: [
          {
            expr: `springhouse_construction_info${where}`,
            legend: "{{shape}} validated: {{validated}}",
          },
        ],
      },
    ],
  },
  {
    title: "Are the sources sound?",
    rows: 8,
    panels: [
      {
        title: "State of each source",
        why: "One bar for each state that a source was in.",
        type: "state-timeline",
        unit: "short",
        columns: 12,
        targets: [
          { expr: `springhouse_source_state${where} == 1`, legend: "{{source}} {{state}}" },
        ],
      },
      {
        title: "Raw samples tested",
        why: "A source that falls silent is an alarm, not a pause.",
        type: "timeseries",
        unit: "cps",
        columns: 12,
        targets: [
          {
            expr: `rate(springhouse_source_samples_total${where}[$__rate_interval])`,
            legend: "{{source}}",
          },
        ],
      },
      {
        title: "Closest approach to the cutoff",
        why: "1 is an intermittent alarm. A watermark that climbs is a device that ages.",
        type: "timeseries",
        unit: "percentunit",
        columns: 12,
        targets: [
          {
            expr: `springhouse_health_watermark${where} / springhouse_health_cutoff${where}`,
            legend: "{{source}} {{test}}",
          },
        ],
      },
      {
        title: "Alarms in the last day",
        why: "Against the false alarms a year that the configuration lets you expect.",
        type: "timeseries",
        unit: "short",
        columns: 12,
        targets: [
          {
            expr: `increase(springhouse_health_alarms_total${where}[1d])`,
            legend: "{{source}} {{test}} {{severity}}",
          },
          {
            expr: `springhouse_source_expected_false_alarms_per_year${where} / 365`,
            legend: "{{source}} expected a day",
          },
        ],
      },
    ],
  },
  {
    title: "How much entropy is there?",
    rows: 8,
    panels: [
      {
        title: "Live estimate and claim",
        why: "SP 800-90B's figure on the last window, per bit of a sample. It is below the claim all the time where the noise is good: see the other panel.",
        type: "timeseries",
        unit: "percentunit",
        columns: 12,
        targets: [
          {
            expr: `min by (instance, source) (springhouse_source_live_entropy_ratio{instance=~"$instance",bound="lower"})`,
            legend: "{{source}} by its lowest estimator",
          },
          {
            expr: `springhouse_source_live_claimed_entropy_ratio${where}`,
            legend: "{{source}} claim",
          },
        ],
      },
      {
        title: "What the live estimate leaves possible",
        why: "The lowest upper bound against the claim. Below 100 % the claim is refuted.",
        type: "timeseries",
        unit: "percentunit",
        columns: 12,
        targets: [
          {
            expr: `min by (instance, source) (springhouse_source_live_entropy_ratio{instance=~"$instance",bound="upper"}) / on (instance, source) springhouse_source_live_claimed_entropy_ratio${where}`,
            legend: "{{source}}",
          },
        ],
      },
    ],
  },
  {
    title: "From noise to seeds",
    rows: 8,
    panels: [
      {
        title: "Where tested samples went",
        why: "Conditioned, diverted by a tap (spent), discarded, or lost before the tests.",
        type: "timeseries",
        unit: "cps",
        columns: 12,
        targets: [
          {
            expr: `rate(springhouse_source_conditioned_samples_total${where}[$__rate_interval])`,
            legend: "{{source}} conditioned",
          },
          {
            expr: `rate(springhouse_source_diverted_samples_total${where}[$__rate_interval])`,
            legend: "{{source}} diverted",
          },
          {
            expr: `rate(springhouse_source_discarded_samples_total${where}[$__rate_interval])`,
            legend: "{{source}} discarded",
          },
          {
            expr: `rate(springhouse_source_dropped_samples_total${where}[$__rate_interval])`,
            legend: "{{source}} dropped",
          },
        ],
      },
      {
        title: "Credited entropy",
        why: "What the ledger credits to conditioned blocks.",
        type: "timeseries",
        unit: "Bps",
        columns: 12,
        targets: [
          {
            expr: `rate(springhouse_source_credited_entropy_bytes_total${where}[$__rate_interval])`,
            legend: "{{source}}",
          },
        ],
      },
      {
        title: "Blocks in the pool",
        why: "Noise in stock. Empty while clients are refused: demand outruns the noise.",
        type: "timeseries",
        unit: "short",
        columns: 8,
        targets: [{ expr: `springhouse_pool_blocks${where}`, legend: "{{source}}" }],
      },
      {
        title: "Reseeds",
        why: "By reason: output_limit is normal, requirement and fresh are clients' wishes.",
        type: "timeseries",
        unit: "cps",
        columns: 8,
        targets: [
          {
            expr: `sum by (instance, reason) (rate(springhouse_drbg_reseeds_total${where}[$__rate_interval]))`,
            legend: "{{reason}}",
          },
        ],
      },
      {
        title: "Bytes since the seed",
        why: "An RBG2 instance stops at 16,384.",
        type: "timeseries",
        unit: "bytes",
        columns: 8,
        targets: [
          {
            // A scrape calls the target's own label `instance`, and renames ours.
            expr: `springhouse_drbg_output_bytes_since_seed${where}`,
            legend: "{{exported_instance}}",
          },
        ],
      },
    ],
  },
  {
    title: "Who is asking?",
    rows: 8,
    panels: [
      {
        title: "Random bytes given",
        why: "By front door.",
        type: "timeseries",
        unit: "Bps",
        columns: 6,
        targets: [
          {
            expr: `rate(springhouse_output_bytes_total${where}[$__rate_interval])`,
            legend: "{{door}}",
          },
        ],
      },
      {
        title: "Requests",
        why: "By front door and status.",
        type: "timeseries",
        unit: "reqps",
        columns: 6,
        targets: [
          {
            expr: `rate(springhouse_requests_total${where}[$__rate_interval])`,
            legend: "{{door}} {{code}}",
          },
        ],
      },
      {
        title: "Refusals",
        why: "By reason. Anything but over_quota is worth a look at doctor.",
        type: "timeseries",
        unit: "reqps",
        columns: 6,
        targets: [
          {
            expr: `rate(springhouse_refusals_total${where}[$__rate_interval])`,
            legend: "{{reason}}",
          },
        ],
      },
      {
        title: "Slowest 1 %",
        why: "99th percentile of the time from head to end of an answer.",
        type: "timeseries",
        unit: "s",
        columns: 6,
        targets: [
          {
            expr: `histogram_quantile(0.99, sum by (door, le) (rate(springhouse_request_duration_seconds_bucket${where}[$__rate_interval])))`,
            legend: "{{door}}",
          },
        ],
      },
    ],
  },
  {
    title: "Can it be checked?",
    rows: 7,
    panels: [
      {
        title: "Log",
        why: "Leaves of the transparency log under a signed checkpoint, and how many each witness has.",
        type: "timeseries",
        unit: "short",
        columns: 12,
        targets: [
          { expr: `springhouse_log_leaves${where}`, legend: "log" },
          { expr: `springhouse_log_witness_leaves${where}`, legend: "{{witness}}" },
        ],
      },
      {
        title: "Behind",
        why: "A leaf waits a second at most for a checkpoint; a witness lacks one for seconds.",
        type: "timeseries",
        unit: "s",
        columns: 12,
        targets: [
          { expr: `springhouse_log_behind_seconds${where}`, legend: "checkpoint" },
          { expr: `springhouse_log_witness_lag_seconds${where}`, legend: "{{witness}}" },
        ],
      },
    ],
  },
];

function thresholds(good: Panel["good"]): object {
  const [low, high] = good === "high" ? ["red", "green"] : ["green", "red"];
  return {
    mode: "absolute",
    steps: [
      { color: good ? low : "blue", value: null },
      ...(good ? [{ color: high, value: 1 }] : []),
    ],
  };
}

function panelJson(panel: Panel, id: number, grid: object): object {
  return {
    id,
    title: panel.title,
    description: panel.why,
    type: panel.type,
    datasource: { type: "prometheus", uid: "${datasource}" },
    gridPos: grid,
    fieldConfig: {
      defaults: { unit: panel.unit, min: 0, thresholds: thresholds(panel.good) },
      overrides: [],
    },
    options:
      panel.type === "stat"
        ? { colorMode: "background", reduceOptions: { calcs: ["lastNotNull"] }, textMode: "auto" }
        : {},
    targets: panel.targets.map((target, index) => ({
      refId: String.fromCodePoint(65 + index),
      expr: target.expr,
      legendFormat: target.legend,
      datasource: { type: "prometheus", uid: "${datasource}" },
    })),
  };
}

/** `dashboards/springhouse.json`, as data. Rows of 24 columns, wrapped where a row is full. */
export function dashboard(): object {
  const panels: object[] = [];
  let id = 1;
  let y = 0;
  for (const row of ROWS) {
    const grid = { h: 1, w: 24, x: 0, y: y++ };
    panels.push({ id: id++, type: "row", title: row.title, collapsed: false, gridPos: grid });
    let x = 0;
    for (const panel of row.panels) {
      if (x + panel.columns > 24) {
        x = 0;
        y += row.rows;
      }
      panels.push(panelJson(panel, id++, { h: row.rows, w: panel.columns, x, y }));
      x += panel.columns;
    }
    y += row.rows;
  }
  const label = "label_values(springhouse_ready, instance)";
  return {
    uid: "springhouse",
    title: "springhouse",
    description: "Generated by `npm run generate` from src/telemetry; edit it there.",
    schemaVersion: 42,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    tags: ["springhouse", "entropy"],
    templating: {
      list: [
        { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
        {
          name: "instance",
          type: "query",
          datasource: { type: "prometheus", uid: "${datasource}" },
          query: label,
          definition: label,
          multi: true,
          includeAll: true,
          allValue: ".*",
          current: { text: "All", value: "$__all" },
          refresh: 2,
        },
      ],
    },
    panels,
  };
}

/** Every expression of the dashboard, for the tests to ask a real Prometheus. */
export function expressions(): string[] {
  return ROWS.flatMap((row) =>
    row.panels.flatMap((panel) => panel.targets.map((target) => target.expr)),
  );
}
