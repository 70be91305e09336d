import { chosen, rate } from "../query.ts";
import { falling, rising, YES_NO, type Dashboard, type Panel, type Row } from "./panel.ts";
import { SOURCE_MEANINGS, SOURCE_STATE } from "./states.ts";

/** Also on the overview. */
export const STATE: Panel = {
  title: "State of each source",
  description:
    "Suspect: an alarm; the startup test follows by itself. Failed: latched; find the cause, then reset the source with a reason (POST /v1/sources/ID/reset). Absent: unplugged, silent or not permitted; `springhouse doctor` says which.",
  type: "state-timeline",
  unit: "none",
  columns: 12,
  meanings: SOURCE_MEANINGS,
  targets: [SOURCE_STATE],
};

/** How close, as a part of the way to the cutoff: 1 is an alarm. */
const closeness = (
  watermark: "health_watermark" | "health_recent_watermark",
  cutoff: "health_cutoff" | "health_cutoff_permanent",
): string => `${chosen(watermark)} / ${chosen(cutoff)}`;

export const CLOSENESS: Panel = {
  title: "Way to an intermittent alarm, last 10 to 20 minutes",
  description:
    "The closest approach of each health test to its cutoff; at 100 % it alarms. Chance alone brings sound noise to about 60 %. One that stays above 90 % is noise that gets worse: capture the source and assess it (`springhouse capture`, `springhouse assess`) before it fails.",
  type: "timeseries",
  unit: "percentunit",
  columns: 12,
  steps: rising(0.9, 1),
  targets: [
    { expr: closeness("health_recent_watermark", "health_cutoff"), legend: "{{source}} {{test}}" },
  ],
};

const NOW: Row = {
  title: "Which sources are there, and in what state?",
  rows: 6,
  panels: [
    STATE,
    {
      title: "Credited now",
      description:
        "Whether the source's blocks count in a seed's strength: it is healthy and has an assessed entropy. One that never counts needs `assessed` in the configuration.",
      type: "stat",
      unit: "none",
      columns: 6,
      meanings: YES_NO,
      targets: [{ expr: chosen("source_credited"), legend: "{{source}}" }],
    },
    {
      title: "Since the last sample",
      description:
        "A source that falls silent alarms after its silenceMilliseconds. Growing: look at the cable, the port and who else holds it (`springhouse doctor`).",
      type: "stat",
      unit: "s",
      columns: 6,
      steps: rising(5, 60),
      targets: [
        {
          expr: `time() - ${chosen("source_last_sample_timestamp_seconds")}`,
          legend: "{{source}}",
        },
      ],
    },
  ],
};

const MARGINS: Row = {
  title: "How close are the health tests to an alarm?",
  rows: 8,
  panels: [
    CLOSENESS,
    {
      title: "Way to a permanent alarm, last 10 to 20 minutes",
      description:
        "The same against the cutoff that latches the source. A test without a reachable permanent cutoff is not here.",
      type: "timeseries",
      unit: "percentunit",
      columns: 12,
      steps: rising(0.9, 1),
      targets: [
        {
          expr: closeness("health_recent_watermark", "health_cutoff_permanent"),
          legend: "{{source}} {{test}}",
        },
      ],
    },
    {
      title: "Closest approach since the start",
      description:
        "It climbs with time by chance alone, and is no reason to act by itself: the recent one is.",
      type: "timeseries",
      unit: "percentunit",
      columns: 12,
      steps: rising(0.9, 1),
      targets: [
        { expr: closeness("health_watermark", "health_cutoff"), legend: "{{source}} {{test}}" },
      ],
    },
    {
      title: "Alarms in a day, and those to be expected",
      description:
        "Expected: false alarms of noise that has exactly the claimed entropy. More than that is the device or its surroundings: look at the events around the time of the alarm (GET /v1/events).",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [
        {
          expr: `sum by (instance, source, test, severity) (increase(${chosen("health_alarms_total")}[1d])) > 0`,
          legend: "{{source}} {{test}} {{severity}}",
        },
        {
          expr: `${chosen("source_expected_false_alarms_per_year")} / 365`,
          legend: "{{source}} expected",
        },
      ],
    },
  ],
};

const live = `min by (instance, source) (${chosen("source_live_entropy_ratio", { bound: "=lower" })})`;
const possible = `min by (instance, source) (${chosen("source_live_entropy_ratio", { bound: "=upper" })})`;

const ENTROPY: Row = {
  title: "How much entropy do they show?",
  rows: 8,
  panels: [
    {
      title: "Live min-entropy and the claim, per bit of a sample",
      description:
        "The lowest of SP 800-90B's figures on the last window. It is a lower bound of a short window, and below the claim where the noise is good: the panel beside this one is the judge.",
      type: "timeseries",
      unit: "percentunit",
      columns: 8,
      targets: [
        { expr: live, legend: "{{source}} live" },
        { expr: chosen("source_live_claimed_entropy_ratio"), legend: "{{source}} tested at" },
        { expr: chosen("source_claimed_entropy_ratio"), legend: "{{source}} assessed" },
      ],
    },
    {
      title: "Most that the samples leave possible, of the claim",
      description:
        "Below 100 % the claim is refuted: capture the source, assess it anew, and lower its claim or take it out.",
      type: "timeseries",
      unit: "percentunit",
      columns: 8,
      steps: falling(1, 1.02),
      targets: [
        {
          expr: `${possible} / on (instance, source) ${chosen("source_live_claimed_entropy_ratio")}`,
          legend: "{{source}}",
        },
      ],
    },
    {
      title: "Windows of the live estimate",
      description:
        "Broken: a gap, a tap or an alarm ended the window. Nothing but broken windows says that samples are lost all the time; lost ones, that the estimator's thread died.",
      type: "timeseries",
      unit: "short",
      columns: 8,
      targets: [
        {
          expr: `increase(${chosen("source_live_windows_total")}[10m])`,
          legend: "{{source}} {{outcome}}",
        },
      ],
    },
  ],
};

const SAMPLES: Row = {
  title: "Where do the samples go?",
  rows: 8,
  panels: [
    {
      title: "Raw samples tested",
      description:
        "The rate that the false alarms were calculated for is the configured samplesPerSecond. Far below it: a slow port or a device in another mode.",
      type: "timeseries",
      unit: "cps",
      columns: 8,
      targets: [{ expr: rate("source_samples_total"), legend: "{{source}}" }],
    },
    {
      title: "After the tests",
      description:
        "Conditioned: into a block. Diverted: left by a tap, capture or assessment, and never conditioned. Discarded: startup tests and alarms. Much that is discarded while the source is healthy means that it alarms over and over.",
      type: "timeseries",
      unit: "cps",
      columns: 8,
      targets: [
        {
          expr: rate("source_conditioned_samples_total"),
          legend: "{{source}} conditioned",
        },
        { expr: rate("source_diverted_samples_total"), legend: "{{source}} diverted" },
        {
          expr: rate("source_discarded_samples_total"),
          legend: "{{source}} discarded",
        },
      ],
    },
    {
      title: "Lost before the tests",
      description:
        "Dropped samples and the gaps that they left, in 10 minutes. A torn cable or frame, or a device that is faster than its samplesPerSecond.",
      type: "timeseries",
      unit: "short",
      columns: 8,
      targets: [
        {
          expr: `increase(${chosen("source_dropped_samples_total")}[10m])`,
          legend: "{{source}} samples",
        },
        { expr: `increase(${chosen("source_gaps_total")}[10m])`, legend: "{{source}} gaps" },
      ],
    },
    {
      title: "Credited entropy",
      description:
        "What the ledger credits to conditioned blocks. It bounds how often the instances can be reseeded: a full seed takes 32 to 48 bytes of it.",
      type: "timeseries",
      unit: "Bps",
      columns: 12,
      targets: [{ expr: rate("source_credited_entropy_bytes_total"), legend: "{{source}}" }],
    },
    {
      title: "Blocks in the pool",
      description:
        "Noise in stock. Empty while clients are refused: demand outruns the noise. Add a source, or ask for fewer reseeds.",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [{ expr: chosen("pool_blocks"), legend: "{{source}}" }],
    },
  ],
};

export const SOURCES: Dashboard = {
  uid: "springhouse-sources",
  title: "Sources",
  description: "The noise sources: state, margins, entropy, and where the samples go.",
  rows: [NOW, MARGINS, ENTROPY, SAMPLES],
};
