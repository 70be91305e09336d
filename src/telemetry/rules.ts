/*
 * Alert rules, each with a case that must fire it and one that must not; `dashboards/rules.yml` and
 * `dashboards/rules.test.yml` are generated from this table, and promtool runs both in the tests.
 */

interface AlertRule {
  readonly name: string;
  readonly expr: string;
  /** Prometheus duration for which `expr` must hold. */
  readonly for: string;
  readonly severity: "page" | "ticket";
  readonly summary: string;
  readonly remedy: string;
  /** Series in promtool's notation: with the first the alert fires at `at`, with the second not. */
  readonly fires: readonly { readonly series: string; readonly values: string }[];
  readonly silent: readonly { readonly series: string; readonly values: string }[];
  /** Labels of the alert in the firing case, besides severity. */
  readonly labels: Readonly<Record<string, string>>;
}

const at = 'instance="a", job="springhouse"';

export const ALERTS: readonly AlertRule[] = [
  {
    name: "SpringhouseNotReady",
    expr: "springhouse_ready == 0",
    for: "1m",
    severity: "page",
    summary: "springhouse serves no random bytes",
    remedy: "Run `springhouse doctor`: it names the cause and what to do.",
    fires: [{ series: `springhouse_ready{${at}}`, values: "0x10" }],
    silent: [{ series: `springhouse_ready{${at}}`, values: "1x10" }],
    labels: { instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseSourceFailed",
    expr: 'springhouse_source_state{state="failed"} == 1',
    for: "0m",
    severity: "page",
    summary: "Noise source {{ $labels.source }} failed its health tests and is latched",
    remedy: "Find the cause, then reset it with a reason: POST /v1/sources/ID/reset.",
    fires: [
      { series: `springhouse_source_state{source="s", state="failed", ${at}}`, values: "1x10" },
    ],
    silent: [
      { series: `springhouse_source_state{source="s", state="failed", ${at}}`, values: "0x10" },
    ],
    labels: { source: "s", state: "failed", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseSourceAbsent",
    expr: 'springhouse_source_state{state="absent"} == 1',
    for: "2m",
    severity: "ticket",
    summary: "Noise source {{ $labels.source }} is not there",
    remedy: "Run `springhouse doctor`: unplugged, not permitted, or held by another program.",
    fires: [
      { series: `springhouse_source_state{source="s", state="absent", ${at}}`, values: "1x10" },
    ],
    silent: [
      { series: `springhouse_source_state{source="s", state="absent", ${at}}`, values: "1x1 0x8" },
    ],
    labels: { source: "s", state: "absent", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseHealthAlarm",
    expr: 'increase(springhouse_health_alarms_total{severity="intermittent"}[1h]) > 0',
    for: "0m",
    severity: "ticket",
    summary: "Health test {{ $labels.test }} alarmed on {{ $labels.source }}",
    remedy: "Compare with source_expected_false_alarms_per_year: more than that is the device.",
    fires: [
      {
        series: `springhouse_health_alarms_total{source="s", test="repetition_count", severity="intermittent", ${at}}`,
        values: "0 0 0 1x7",
      },
    ],
    silent: [
      {
        series: `springhouse_health_alarms_total{source="s", test="repetition_count", severity="intermittent", ${at}}`,
        values: "1x10",
      },
    ],
    labels: {
      source: "s",
      test: "repetition_count",
      severity: "intermittent",
      instance: "a",
      job: "springhouse",
    },
  },
  {
    name: "SpringhouseLiveEntropyLow",
    expr: "springhouse_source_live_entropy_low == 1",
    for: "0m",
    severity: "ticket",
    summary: "The live estimate of {{ $labels.source }} refutes its claimed entropy",
    remedy:
      "Assess it anew: `springhouse capture`, then `springhouse assess`; lower its claim or take it out.",
    fires: [{ series: `springhouse_source_live_entropy_low{source="s", ${at}}`, values: "1x10" }],
    silent: [{ series: `springhouse_source_live_entropy_low{source="s", ${at}}`, values: "0x10" }],
    labels: { source: "s", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseQuorumLost",
    // Over the OS RNG alone no quorum is configured, and the shape says so.
    expr: 'springhouse_quorum_met == 0 unless on (instance, job) springhouse_construction_info{shape="RBGC"}',
    for: "0m",
    severity: "page",
    summary: "Too few healthy credited sources: seeds run out, then requests are refused",
    remedy: "Bring the absent or failed sources back; `springhouse doctor` lists them.",
    fires: [
      { series: `springhouse_quorum_met{${at}}`, values: "0x10" },
      {
        series: `springhouse_construction_info{shape="RBG2(NP)", validated="false", ${at}}`,
        values: "1x10",
      },
    ],
    silent: [
      { series: `springhouse_quorum_met{${at}}`, values: "0x10" },
      {
        series: `springhouse_construction_info{shape="RBGC", validated="false", ${at}}`,
        values: "1x10",
      },
    ],
    labels: { instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseSamplesDropped",
    expr: "increase(springhouse_source_dropped_samples_total[10m]) > 0",
    for: "0m",
    severity: "ticket",
    summary: "Samples of {{ $labels.source }} were lost before they could be tested",
    remedy: "A torn cable or frame, or a device faster than its configured samplesPerSecond.",
    fires: [
      { series: `springhouse_source_dropped_samples_total{source="s", ${at}}`, values: "0 0 9x8" },
    ],
    silent: [
      { series: `springhouse_source_dropped_samples_total{source="s", ${at}}`, values: "9x10" },
    ],
    labels: { source: "s", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseRefusing",
    expr: 'sum without (reason) (rate(springhouse_refusals_total{reason=~"unmet|pool_exhausted|store_failed|not_ready"}[5m])) > 0.1',
    for: "2m",
    severity: "ticket",
    summary: "Clients are being refused random bytes",
    remedy: "pool_exhausted: demand outruns the noise. Others: `springhouse doctor`.",
    fires: [{ series: `springhouse_refusals_total{reason="unmet", ${at}}`, values: "0+60x10" }],
    silent: [
      { series: `springhouse_refusals_total{reason="over_quota", ${at}}`, values: "0+60x10" },
    ],
    labels: { instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseSelfTestFailed",
    expr: "springhouse_self_test_passed == 0",
    for: "0m",
    severity: "page",
    summary: "Cryptographic self-test {{ $labels.test }} failed; every output is stopped",
    remedy: "Move the service to another machine: this is a defect or broken hardware.",
    fires: [{ series: `springhouse_self_test_passed{test="t", ${at}}`, values: "0x10" }],
    silent: [{ series: `springhouse_self_test_passed{test="t", ${at}}`, values: "1x10" }],
    labels: { test: "t", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseStoreDown",
    expr: "springhouse_store_up == 0",
    for: "1m",
    severity: "page",
    summary: "The database takes no records; seeds cannot be renewed",
    remedy: "Free disk space or repair the state directory; the service recovers by itself.",
    fires: [{ series: `springhouse_store_up{${at}}`, values: "0x10" }],
    silent: [{ series: `springhouse_store_up{${at}}`, values: "1x10" }],
    labels: { instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseLogNotAdvancing",
    expr: "springhouse_log_behind_seconds > 5",
    for: "1m",
    severity: "page",
    summary: "The transparency log's checkpoint is behind its leaves",
    remedy: "See the database's state: nothing that needs a proof is answered meanwhile.",
    fires: [{ series: `springhouse_log_behind_seconds{${at}}`, values: "60+60x10" }],
    silent: [{ series: `springhouse_log_behind_seconds{${at}}`, values: "1x10" }],
    labels: { instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseLogWitnessLags",
    expr: "springhouse_log_witness_lag_seconds > 300",
    for: "5m",
    severity: "ticket",
    summary: "Witness {{ $labels.witness }} does not take the log's checkpoints",
    remedy: "The event log_witness_failed says why; without witnesses a log can be written anew.",
    fires: [
      { series: `springhouse_log_witness_lag_seconds{witness="w", ${at}}`, values: "360+60x10" },
    ],
    silent: [
      { series: `springhouse_log_witness_lag_seconds{witness="w", ${at}}`, values: "10x10" },
    ],
    labels: { witness: "w", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseDrillFailed",
    expr: "springhouse_drill_passed == 0",
    for: "0m",
    severity: "page",
    summary: "A drill of {{ $labels.source }}: its health tests do not find what they should",
    remedy:
      "`springhouse drill --source ID` says which; until it passes do not rely on the source.",
    fires: [{ series: `springhouse_drill_passed{source="s", ${at}}`, values: "0x10" }],
    silent: [{ series: `springhouse_drill_passed{source="s", ${at}}`, values: "1x10" }],
    labels: { source: "s", instance: "a", job: "springhouse" },
  },
  {
    name: "SpringhouseDrillOverdue",
    // Twice the default of drill.intervalHours.
    expr: "time() - springhouse_drill_last_passed_timestamp_seconds > 172800",
    for: "5m",
    severity: "ticket",
    summary: "No drill of {{ $labels.source }} has passed for two days",
    remedy: "Is its device there? `springhouse drill --source ID` says. See drill.intervalHours.",
    fires: [
      {
        series: `springhouse_drill_last_passed_timestamp_seconds{source="s", ${at}}`,
        values: "-200000x10",
      },
    ],
    silent: [
      {
        series: `springhouse_drill_last_passed_timestamp_seconds{source="s", ${at}}`,
        values: "-100000x10",
      },
    ],
    labels: { source: "s", instance: "a", job: "springhouse" },
  },
];

/** `dashboards/rules.yml`, as data. */
export function ruleFile(): object {
  return {
    groups: [
      {
        name: "springhouse",
        rules: ALERTS.map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          for: alert.for,
          labels: { severity: alert.severity },
          annotations: { summary: alert.summary, remedy: alert.remedy },
        })),
      },
    ],
  };
}

function expectation(alert: AlertRule, fires: boolean): object {
  const summary = alert.summary.replaceAll(
    /\{\{ \$labels\.(\w+) \}\}/g,
    (_match, label: string) => alert.labels[label]!,
  );
  return {
    eval_time: "8m",
    alertname: alert.name,
    exp_alerts: fires
      ? [
          {
            exp_labels: { ...alert.labels, severity: alert.severity },
            exp_annotations: { summary, remedy: alert.remedy },
          },
        ]
      : [],
  };
}

/** `dashboards/rules.test.yml`, as data: a case that fires and one that does not for each alert. */
export function ruleTests(): object {
  return {
    rule_files: ["rules.yml"],
    tests: ALERTS.flatMap((alert) =>
      [true, false].map((fires) => ({
        name: `${alert.name} ${fires ? "fires" : "stays silent"}`,
        interval: "1m",
        input_series: fires ? alert.fires : alert.silent,
        alert_rule_test: [expectation(alert, fires)],
      })),
    ),
  };
}
