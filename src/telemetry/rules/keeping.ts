import { series } from "../query.ts";
import { DISK_FREE } from "./recordings.ts";
import { again, feed, JUST_STARTED, LONG_STARTED, warm, type Alert } from "./rule.ts";

const DAY_SECONDS = 86_400;

const disk = (free: string) => [
  feed("disk_free_bytes", {}, free),
  feed("disk_size_bytes", {}, "100x60"),
];

const ends = (values: string) => [
  feed("tls_certificate_not_after_timestamp_seconds", { file: "certificate" }, values),
];

const RENEW = [
  "Renew the file that the alert names (`tls.certificate`, or `tls.clientAuthority` for `client_authority`).",
  "`systemctl reload springhouse` (SIGHUP): new connections get the new one, no connection is lost. A broken file changes nothing and is told in the log.",
  "See that the date has moved: `springhouse_tls_certificate_not_after_timestamp_seconds`.",
] as const;

/** Whether what must last does: the database, the disk, certificates, the log. */
export const KEEPING: readonly Alert[] = [
  {
    name: "SpringhouseStoreDown",
    expr: `${series("store_up")} == 0`,
    for: "1m",
    keepFiringFor: "5m",
    severity: "page",
    summary: "The database takes no records; seeds cannot be renewed",
    remedy: "Free disk space or repair the state directory; the service recovers by itself.",
    meaning:
      "A write failed: the disk is full, read-only or broken. A seed must be durable before its first output, so the instances run out; keys and receipts are refused at once. Nothing that was answered is lost.",
    steps: [
      "`springhouse status`: `store` has the system's error.",
      "`df STATE`, `mount`, `dmesg`: full, read-only, or failing?",
      "When it takes records again the service goes on by itself.",
    ],
    fires: { feed: [feed("store_up", {}, "1x4 0x9 1x30")], firing: [6, 19] },
    flaps: { feed: [feed("store_up", {}, again("0 0 1", 12))], firing: [1, 30] },
    warmUp: { feed: [feed("store_up", {}, "1x30")], firing: null },
  },
  {
    name: "SpringhouseDiskLow",
    expr: `${DISK_FREE.name} < 0.1`,
    for: "5m",
    keepFiringFor: "15m",
    severity: "ticket",
    summary: "The disk of {{ $labels.instance }}'s state directory is nearly full",
    remedy: "Free space, or lower retention.maximumMegabytes, before records fail.",
    meaning:
      "Less than a tenth of the file system is free. Without room no seed is recorded, and requests are refused.",
    steps: [
      "`du -sh STATE/*`: the database, captures, reports and backups are in it.",
      "Remove captures and reports that were copied away; backups belong on another machine.",
      "`retention.maximumMegabytes` bounds the database; the log of what was done with keys is never removed.",
    ],
    fires: { feed: disk("20x4 5x9 20x60"), firing: [10, 29] },
    flaps: { feed: disk(again("9 9 9 9 9 9 11", 5)), firing: [5, 30] },
    warmUp: { feed: disk("_ 50x30"), firing: null },
  },
  {
    name: "SpringhouseDiskFull",
    expr: `${DISK_FREE.name} < 0.02`,
    for: "2m",
    keepFiringFor: "15m",
    severity: "page",
    summary: "The disk of {{ $labels.instance }}'s state directory is full",
    remedy: "Free space now: requests are refused as soon as a record cannot be written.",
    meaning:
      "Less than 2 % of the file system is free, see SpringhouseDiskLow. Somebody has to act before the last of it is gone.",
    steps: [
      "`du -sh STATE/*`: remove captures and reports that were copied away.",
      "Is it the state directory that grows, or a neighbour on the same file system?",
      "What was refused meanwhile needs no repair: the service goes on when there is room.",
    ],
    fires: { feed: disk("20x4 1x9 20x60"), firing: [7, 29] },
    flaps: { feed: disk(again("1 1 1 3", 10)), firing: [2, 30] },
    warmUp: { feed: disk("_ 50x30"), firing: null },
  },
  {
    name: "SpringhouseCertificateExpires",
    expr: `${series("tls_certificate_not_after_timestamp_seconds")} - time() < ${21 * DAY_SECONDS}`,
    for: "1h",
    severity: "ticket",
    summary: "The TLS file {{ $labels.file }} of {{ $labels.instance }} ends within three weeks",
    remedy: "Renew the file and send SIGHUP (`systemctl reload springhouse`).",
    meaning:
      "After that date no client can connect, or none with a certificate of that authority. Of a chain, the certificate that ends first counts. A renewal by itself some weeks ahead should have come by now.",
    steps: RENEW,
    labels: { file: "certificate" },
    fires: {
      // 21 days from minute 10 on, renewed at minute 100.
      feed: ends(`${21 * DAY_SECONDS + 600}x99 ${90 * DAY_SECONDS}x60`),
      firing: [71, 99],
      minutes: 120,
    },
    flaps: { feed: ends(`${20 * DAY_SECONDS}x120`), firing: [60, 120], minutes: 120 },
    warmUp: { feed: ends(`${90 * DAY_SECONDS}x120`), firing: null, minutes: 120 },
  },
  {
    name: "SpringhouseCertificateEnds",
    expr: `${series("tls_certificate_not_after_timestamp_seconds")} - time() < ${3 * DAY_SECONDS}`,
    for: "5m",
    severity: "page",
    summary: "The TLS file {{ $labels.file }} of {{ $labels.instance }} ends within three days",
    remedy: "Renew the file now and send SIGHUP (`systemctl reload springhouse`).",
    meaning: "See SpringhouseCertificateExpires: nobody has acted on it, and the date is here.",
    steps: RENEW,
    labels: { file: "client_authority" },
    fires: {
      feed: [
        feed(
          "tls_certificate_not_after_timestamp_seconds",
          { file: "client_authority" },
          `${3 * DAY_SECONDS + 600}x29 ${90 * DAY_SECONDS}x60`,
        ),
      ],
      firing: [16, 29],
      minutes: 45,
    },
    flaps: {
      feed: [
        feed(
          "tls_certificate_not_after_timestamp_seconds",
          { file: "client_authority" },
          `${2 * DAY_SECONDS}x120`,
        ),
      ],
      firing: [5, 30],
    },
    warmUp: { feed: ends(`${20 * DAY_SECONDS}x120`), firing: null },
  },
  {
    name: "SpringhouseLogNotAdvancing",
    expr: `${series("log_behind_seconds")} > 5`,
    for: "1m",
    keepFiringFor: "5m",
    severity: "page",
    summary: "The transparency log's checkpoint is behind its leaves",
    remedy: "See the database's state: nothing that needs a proof is answered meanwhile.",
    meaning:
      "A leaf is covered by a signed checkpoint within a second. Here one has waited for longer than five: the database does not take the tree, or the machine has no time. Receipts are refused; the leaves themselves are safe.",
    steps: [
      "See SpringhouseStoreDown and SpringhouseDiskLow.",
      "The machine's load, and `nodejs_eventloop_lag_seconds`.",
      "Once it has caught up: `springhouse log export DIR`, then `springhouse log verify DIR`.",
    ],
    fires: {
      feed: [feed("log_behind_seconds", {}, "0x4 60 120 180 240 300 0x30")],
      firing: [6, 14],
    },
    flaps: {
      feed: [feed("log_behind_seconds", {}, again("30 90 0", 12))],
      firing: [1, 30],
    },
    warmUp: { feed: [feed("log_behind_seconds", {}, "1 0x30")], firing: null },
  },
  {
    name: "SpringhouseLogWitnessLags",
    expr: warm(`${series("log_witness_lag_seconds")} > 300`),
    for: "5m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary: "Witness {{ $labels.witness }} does not take the log's checkpoints",
    remedy: "The event log_witness_failed says why; without witnesses a log can be written anew.",
    meaning:
      "The witness has lacked a checkpoint for more than five minutes. The log itself goes on; what is missing is the proof, outside this host, that it was not rewritten since.",
    steps: [
      "GET `/v1/events`: `log_witness_failed` has the witness's answer.",
      "A file: is its place mounted and writable? A URL: is it reachable, and does it know this log's key?",
      "Two checkpoints of one size that differ are no outage but proof of a fork: keep both, and ask why.",
    ],
    labels: { witness: "w" },
    fires: {
      feed: [feed("log_witness_lag_seconds", { witness: "w" }, "0x4 60+60x12 0x30"), LONG_STARTED],
      // Over 300 s from minute 10 on.
      firing: [15, 27],
      minutes: 40,
    },
    flaps: {
      feed: [feed("log_witness_lag_seconds", { witness: "w" }, again("400x6 0", 5)), LONG_STARTED],
      firing: [5, 30],
    },
    warmUp: {
      feed: [feed("log_witness_lag_seconds", { witness: "w" }, "310x6 10x30"), JUST_STARTED],
      firing: null,
    },
  },
];
