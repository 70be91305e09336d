import { OURS } from "../dashboards/clients.ts";
import { series } from "../query.ts";
import { AT, feed, type Recording } from "./rule.ts";

/** Refusals that a healthy service with enough noise would not have given, of all requests. */
export const REFUSED_RATIO: Recording = {
  name: "instance:springhouse_refusals_ours:ratio_rate5m",
  expr: `sum by (instance, job) (rate(${series("refusals_total", { reason: `=~${OURS}` })}[5m])) / sum by (instance, job) (rate(${series("requests_total")}[5m]))`,
  trial: {
    feed: [
      feed("requests_total", { door: "http", code: "200" }, "0+45x20"),
      feed("requests_total", { door: "http", code: "503" }, "0+15x20"),
      feed("refusals_total", { reason: "unmet" }, "0+15x20"),
      feed("refusals_total", { reason: "over_quota" }, "0+900x20"),
    ],
    at: "10m",
    value: 0.25,
  },
};

export const SLOWEST: Recording = {
  name: "instance_door:springhouse_request_duration_seconds:p99_rate5m",
  expr: `histogram_quantile(0.99, sum by (instance, job, door, le) (rate(${series("request_duration_seconds_bucket")}[5m])))`,
  trial: {
    feed: [
      feed("request_duration_seconds_bucket", { door: "http", le: "0.25" }, "0+60x20"),
      feed("request_duration_seconds_bucket", { door: "http", le: "1" }, "0+600x20"),
      feed("request_duration_seconds_bucket", { door: "http", le: "+Inf" }, "0+600x20"),
    ],
    at: "10m",
    labels: { door: "http" },
    // 594 of 600 lie 534/540 of the way from 0.25 to 1.
    value: 0.9916666666666667,
  },
};

/** Of the way to an intermittent alarm, in the last 10 to 20 minutes. Silence is no matter of noise. */
export const CLOSEST: Recording = {
  name: "source:springhouse_health_recent_watermark:ratio_max",
  expr: `max by (instance, job, source) (${series("health_recent_watermark", { test: "!=total_failure" })} / ${series("health_cutoff")})`,
  trial: {
    feed: [
      feed("health_recent_watermark", { source: "s", test: "repetition_count" }, "5x10"),
      feed("health_recent_watermark", { source: "s", test: "adaptive_proportion" }, "30x10"),
      feed("health_recent_watermark", { source: "s", test: "total_failure" }, "990x10"),
      feed("health_cutoff", { source: "s", test: "repetition_count" }, "20x10"),
      feed("health_cutoff", { source: "s", test: "adaptive_proportion" }, "40x10"),
      feed("health_cutoff", { source: "s", test: "total_failure" }, "1000x10"),
    ],
    at: "5m",
    labels: { source: "s" },
    value: 0.75,
  },
};

export const ALARMS_A_DAY: Recording = {
  name: "source:springhouse_health_alarms:increase1d",
  expr: `sum by (instance, job, source) (increase(${series("health_alarms_total", { severity: "=intermittent", test: "!=total_failure" })}[1d]))`,
  trial: {
    feed: [
      feed(
        "health_alarms_total",
        { source: "s", test: "repetition_count", severity: "intermittent" },
        "0x9 1x1440",
      ),
      feed(
        "health_alarms_total",
        { source: "s", test: "adaptive_proportion", severity: "intermittent" },
        "0x99 2x1440",
      ),
      feed(
        "health_alarms_total",
        { source: "s", test: "total_failure", severity: "intermittent" },
        "0x9 9x1440",
      ),
    ],
    at: "24h",
    labels: { source: "s" },
    value: 3,
  },
};

export const DISK_FREE: Recording = {
  name: "instance:springhouse_disk_free:ratio",
  expr: `${series("disk_free_bytes")} / ${series("disk_size_bytes")}`,
  trial: {
    feed: [feed("disk_free_bytes", {}, "25x10"), feed("disk_size_bytes", {}, "100x10")],
    at: "5m",
    value: 0.25,
  },
};

/** What the alerts stand on, and what is too long to write into a panel of one's own. */
export const RECORDINGS: readonly Recording[] = [
  REFUSED_RATIO,
  SLOWEST,
  CLOSEST,
  ALARMS_A_DAY,
  DISK_FREE,
];

/** Labels of a recorded series in the trials. */
export const recordedLabels = ({ trial }: Recording): Readonly<Record<string, string>> => ({
  ...AT,
  ...trial.labels,
});
