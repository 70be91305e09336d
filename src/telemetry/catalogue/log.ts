import { seconds, type CatalogueEntry } from "./entry.ts";

/** The transparency log. */
export const LOG = [
  {
    name: "log_leaves",
    type: "gauge",
    help: "Leaves of the transparency log that its last checkpoint covers.",
    labels: [],
    read: (snapshot) => [[[], snapshot.log.leaves]],
  },
  {
    name: "log_behind_seconds",
    type: "gauge",
    help: "For how long a leaf has waited for a checkpoint; 0 when none waits, at most about 1 when all is well.",
    labels: [],
    read: (snapshot) => [[[], seconds(snapshot.log.behindMilliseconds)]],
  },
  {
    name: "log_append_failures_total",
    type: "counter",
    help: "Leaves, each with the change that it tells of, that the database did not take.",
    labels: [],
    read: (snapshot) => [[[], snapshot.log.failuresTotal]],
  },
  {
    name: "log_witness_leaves",
    type: "gauge",
    help: "Leaves of the last checkpoint that the witness took since the start.",
    labels: ["witness"],
    read: (snapshot) => snapshot.log.witnesses.map(({ name, size }) => [[name], size] as const),
  },
  {
    name: "log_witness_lag_seconds",
    type: "gauge",
    help: "For how long the witness has lacked a checkpoint; 0 when it has the newest.",
    labels: ["witness"],
    read: (snapshot) =>
      snapshot.log.witnesses.map(
        ({ name, lagMilliseconds }) => [[name], seconds(lagMilliseconds)] as const,
      ),
  },
  {
    name: "log_witness_failures_total",
    type: "counter",
    help: "Checkpoints that the witness did not take.",
    labels: ["witness"],
    read: (snapshot) =>
      snapshot.log.witnesses.map(({ name, failuresTotal }) => [[name], failuresTotal] as const),
  },
  {
    name: "log_checkpoint_timestamp_seconds",
    type: "gauge",
    help: "When the last checkpoint was signed; missing where none was since the start. One is signed only when a leaf comes.",
    labels: [],
    read: ({ log }) =>
      log.checkpointMilliseconds === null ? [] : [[[], seconds(log.checkpointMilliseconds)]],
  },
] as const satisfies readonly CatalogueEntry[];
