import { CUSTODY } from "./custody.ts";
import { DRILLS } from "./drills.ts";
import { KEEPING } from "./keeping.ts";
import { RECORDINGS, recordedLabels } from "./recordings.ts";
import { AT, type Alert, type Trial } from "./rule.ts";
import { SERVING } from "./serving.ts";
import { SOURCES } from "./sources.ts";

export const ALERTS: readonly Alert[] = [...SERVING, ...SOURCES, ...KEEPING, ...CUSTODY, ...DRILLS];

/** Where the runbook has the alert's section, from the root of the project. */
export const runbookOf = (name: string): string => `dashboards/runbook.md#${name.toLowerCase()}`;

const annotationsOf = ({ name, summary, remedy }: Alert) => ({
  summary,
  remedy,
  runbook: runbookOf(name),
});

/** `dashboards/rules.yml`, as data: the recorded series first, as the alerts stand on them. */
export function ruleFile(): object {
  return {
    groups: [
      {
        name: "springhouse",
        rules: [
          ...RECORDINGS.map(({ name, expr }) => ({ record: name, expr })),
          ...ALERTS.map((alert) => ({
            alert: alert.name,
            expr: alert.expr,
            for: alert.for,
            ...(alert.keepFiringFor ? { keep_firing_for: alert.keepFiringFor } : {}),
            labels: { severity: alert.severity },
            annotations: annotationsOf(alert),
          })),
        ],
      },
    ],
  };
}

function expected(alert: Alert): object {
  const labels: Readonly<Record<string, string>> = { ...AT, ...alert.labels };
  const { summary, ...others } = annotationsOf(alert);
  const filled = summary.replaceAll(
    /\{\{ \$labels\.(\w+) \}\}/g,
    (_, label: string) => labels[label]!,
  );
  return {
    exp_labels: { ...labels, severity: alert.severity },
    exp_annotations: { summary: filled, ...others },
  };
}

/**
 * The minutes at both ends, with everything that is told, and how many minutes it fired in all: what
 * is missing in between would be missing in the sum.
 */
function trialOf(alert: Alert, what: string, { feed, firing, minutes = 30 }: Trial): object {
  const [first, last] = firing ?? [minutes + 1, minutes + 1];
  const ends = firing === null ? [] : [...new Set([first - 1, first, last, last + 1])];
  const seen = `sum(count_over_time(ALERTS{alertname="${alert.name}",alertstate="firing"}[${minutes + 1}m]))`;
  return {
    name: `${alert.name}: ${what}`,
    interval: "1m",
    input_series: feed,
    alert_rule_test: ends
      .filter((minute) => minute >= 0 && minute <= minutes)
      .map((minute) => ({
        eval_time: `${minute}m`,
        alertname: alert.name,
        exp_alerts: minute >= first && minute <= last ? [expected(alert)] : [],
      })),
    promql_expr_test: [
      {
        expr: seen,
        eval_time: `${minutes}m`,
        exp_samples: firing === null ? [] : [{ labels: "{}", value: last - first + 1 }],
      },
    ],
  };
}

/** `dashboards/rules.test.yml`, as data. */
export function ruleTests(): object {
  return {
    rule_files: ["rules.yml"],
    evaluation_interval: "1m",
    tests: [
      ...RECORDINGS.map((recording) => {
        const { feed, at, value } = recording.trial;
        const labels = Object.entries(recordedLabels(recording)).map(
          ([label, of]) => `${label}="${of}"`,
        );
        return {
          name: recording.name,
          interval: "1m",
          input_series: feed,
          promql_expr_test: [
            {
              expr: recording.name,
              eval_time: at,
              exp_samples: [{ labels: `${recording.name}{${labels.join(", ")}}`, value }],
            },
          ],
        };
      }),
      ...ALERTS.flatMap((alert) => [
        trialOf(alert, "fires", alert.fires),
        trialOf(alert, "does not flap", alert.flaps),
        trialOf(alert, "is silent while the service warms up", alert.warmUp),
        ...(alert.alike ? [trialOf(alert, "is silent for what looks alike", alert.alike)] : []),
      ]),
    ],
  };
}
