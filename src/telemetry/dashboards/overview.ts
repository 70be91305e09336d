import { chosen } from "../query.ts";
import { LATENCY, REFUSALS, REQUESTS } from "./clients.ts";
import { TO_SPARE } from "./drbg.ts";
import { falling, rising, YES_NO, type Dashboard, type Row } from "./panel.ts";
import { CLOSENESS, STATE } from "./sources.ts";

const SERVING: Row = {
  title: "Does it serve?",
  rows: 4,
  panels: [
    {
      title: "Ready",
      description:
        "Self-tests passed and an instance is seeded. No: `springhouse doctor` says why and what to do, GET /readyz too.",
      type: "stat",
      unit: "none",
      columns: 4,
      meanings: YES_NO,
      targets: [{ expr: chosen("ready"), legend: "ready" }],
    },
    {
      title: "Construction",
      description:
        "In SP 800-90C's words, and whether it is validated. RBGC: no source is credited and seeds come from the OS RNG alone; assess a source to change that.",
      type: "name",
      unit: "none",
      columns: 4,
      targets: [{ expr: chosen("construction_info"), legend: "{{shape}} validated: {{validated}}" }],
    },
    { ...TO_SPARE, columns: 4 },
    {
      title: "Sources that are not healthy",
      description:
        "Starting ones too, for their first seconds. See the timeline below, and Sources.",
      type: "stat",
      unit: "none",
      columns: 4,
      steps: rising(1, 2),
      targets: [
        {
          expr: `sum by (instance) (${chosen("source_state", { state: "!=healthy" })})`,
          legend: "sources",
        },
      ],
    },
    {
      title: "Oldest seed in use",
      description:
        "Of the instances that answer clients. An idle instance keeps its seed until it is drawn from; DRBG shows the age against the limit.",
      type: "stat",
      unit: "s",
      columns: 4,
      targets: [
        {
          expr: `time() - min by (instance) (${chosen("drbg_seed_timestamp_seconds", { exported_instance: "!~fresh|internal" })})`,
          legend: "age",
        },
      ],
    },
    {
      title: "Version",
      description: "Of the service and of its configuration. Two of them: an upgrade is half done.",
      type: "name",
      unit: "none",
      columns: 4,
      targets: [{ expr: chosen("build_info"), legend: "{{version}} {{configuration}}" }],
    },
  ],
};

const ALERTS: Row = {
  title: "What is wrong?",
  rows: 6,
  panels: [
    {
      title: "Alerts that fire",
      description:
        "By Prometheus, of dashboards/rules.yml. dashboards/runbook.md has a section for each, with what to do.",
      type: "state-timeline",
      unit: "none",
      columns: 12,
      none: "none",
      meanings: [{ value: 1, text: "fires", colour: "red" }],
      targets: [
        {
          expr: 'max by (instance, alertname, source) (ALERTS{alertname=~"Springhouse.+",alertstate="firing",instance=~"$instance"})',
          legend: "{{alertname}} {{source}}",
        },
      ],
    },
    STATE,
  ],
};

const ANSWERS: Row = {
  title: "What do clients get?",
  rows: 8,
  panels: [REQUESTS, REFUSALS, LATENCY, CLOSENESS],
};

const KEEPING: Row = {
  title: "Are keys, log and disk as they should be?",
  rows: 6,
  panels: [
    {
      title: "Vault sealed",
      description:
        "Yes: no kept key can be used. Open it (`springhouse seal open`). No where there is no vault.",
      type: "stat",
      unit: "none",
      columns: 4,
      meanings: [
        { value: 0, text: "no", colour: "green" },
        { value: 1, text: "yes", colour: "red" },
      ],
      targets: [{ expr: chosen("sealed"), legend: "sealed" }],
    },
    {
      title: "Key versions",
      description: "Managed keys by the state of their versions.",
      type: "stat",
      unit: "short",
      columns: 8,
      none: "none",
      targets: [{ expr: `${chosen("key_versions")} > 0`, legend: "{{state}}" }],
    },
    {
      title: "Certificate ends in",
      description:
        "The TLS certificate, and the authority of clients' certificates. Renew the file and send SIGHUP: no connection is lost.",
      type: "stat",
      unit: "s",
      columns: 6,
      steps: falling(3 * 86_400, 21 * 86_400),
      none: "no TLS",
      targets: [
        {
          expr: `${chosen("tls_certificate_not_after_timestamp_seconds")} - time()`,
          legend: "{{file}}",
        },
      ],
    },
    {
      title: "Secrets in locked memory",
      description:
        "No: a secret that outlives a call could be written to swap. Raise the lock limit (LimitMEMLOCK= in the unit).",
      type: "stat",
      unit: "none",
      columns: 6,
      meanings: YES_NO,
      targets: [{ expr: chosen("locked_memory_ok"), legend: "locked" }],
    },
    {
      title: "Log: leaves",
      description:
        "Leaves of the transparency log under a signed checkpoint, and how many each witness has.",
      type: "timeseries",
      unit: "short",
      columns: 6,
      targets: [
        { expr: chosen("log_leaves"), legend: "log" },
        { expr: chosen("log_witness_leaves"), legend: "{{witness}}" },
      ],
    },
    {
      title: "Log: behind",
      description:
        "For how long a leaf waits for its checkpoint (1 s at most when all is well), and each witness for its own. Growing: the database or the witness does not take them.",
      type: "timeseries",
      unit: "s",
      columns: 6,
      steps: rising(5, 60),
      targets: [
        { expr: chosen("log_behind_seconds"), legend: "checkpoint" },
        { expr: chosen("log_witness_lag_seconds"), legend: "{{witness}}" },
      ],
    },
    {
      title: "Log: age of the checkpoint",
      description:
        "One is signed when a leaf comes, so an idle service has an old one. No data: none since the start.",
      type: "stat",
      unit: "s",
      columns: 6,
      targets: [
        { expr: `time() - ${chosen("log_checkpoint_timestamp_seconds")}`, legend: "age" },
      ],
    },
    {
      title: "Disk",
      description:
        "Without room no seed can be recorded, so none is taken, and requests are refused. Free some, or lower retention.maximumMegabytes.",
      type: "timeseries",
      unit: "bytes",
      columns: 6,
      targets: [
        { expr: chosen("disk_free_bytes"), legend: "free" },
        { expr: chosen("database_size_bytes"), legend: "database" },
      ],
    },
  ],
};

const CUSTODY: Row = {
  title: "What do people have to decide or do?",
  rows: 6,
  panels: [
    {
      title: "Intents in an hour, by what became of them",
      description:
        "Refused again and again: a custodian's key that is not known, or somebody who tries. `springhouse intent list` names them.",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [
        {
          expr: `sum by (instance, act) (increase(${chosen("intents_total")}[1h]))`,
          legend: "{{act}}",
        },
      ],
    },
    {
      title: "Destructions under way",
      description:
        "Approved, and in their window or waiting for their epoch's end. Each can be called off until then.",
      type: "stat",
      unit: "none",
      columns: 4,
      targets: [{ expr: chosen("destructions_pending"), legend: "pending" }],
    },
    {
      title: "Age of the last backup",
      description:
        "Since one was taken whole; without one, since the vault was made. 0 without a vault. Take one: `springhouse backup -o FILE`.",
      type: "stat",
      unit: "s",
      columns: 4,
      steps: rising(7 * 86_400, 8 * 86_400),
      targets: [{ expr: chosen("backup_age_seconds"), legend: "age" }],
    },
    {
      title: "Age of the last drill",
      description:
        "Since somebody said that a drill restored a backup (`springhouse backup drilled ID`).",
      type: "stat",
      unit: "s",
      columns: 4,
      steps: rising(90 * 86_400, 100 * 86_400),
      targets: [{ expr: chosen("backup_drill_age_seconds"), legend: "age" }],
    },
  ],
};

export const OVERVIEW: Dashboard = {
  uid: "springhouse-overview",
  title: "Overview",
  description: "Does it serve, what is wrong, what do clients get.",
  rows: [SERVING, ALERTS, ANSWERS, KEEPING, CUSTODY],
};
