import { COMMAND_OPERATIONS } from "../../port/approval.ts";
import { DESTRUCTION_ENDS, INTENT_ACTS } from "../../port/custody.ts";
import { seconds, type CatalogueEntry } from "./entry.ts";

/** A clock that was set back makes nothing younger than now. */
const age = (since: number | null, now: number): number =>
  since === null ? 0 : seconds(Math.max(0, now - since));

/** What people decide on: intents, destructions, backups. */
export const CUSTODY = [
  {
    name: "intents_total",
    type: "counter",
    help: "What became of intents: opened, approved (a signature), executed, refused (a signature or an execution that was not taken), withdrawn, expired.",
    labels: ["operation", "act"],
    read: ({ custody }) =>
      COMMAND_OPERATIONS.flatMap((operation) =>
        INTENT_ACTS.map((act) => [[operation, act], custody.intents[operation][act]] as const),
      ),
  },
  {
    name: "destructions_pending",
    type: "gauge",
    help: "Approved destructions that are not over: in their window, or waiting for their epoch's end.",
    labels: [],
    read: ({ custody }) => [[[], custody.destructions.pending]],
  },
  {
    name: "destructions_total",
    type: "counter",
    help: "Destructions that came to an end: with a receipt, or called off.",
    labels: ["outcome"],
    read: ({ custody }) =>
      DESTRUCTION_ENDS.map((end) => [[end], custody.destructions.ended[end]] as const),
  },
  {
    name: "destruction_batches_total",
    type: "counter",
    help: "Epochs that were ended for destructions; what is due in the same minute shares one.",
    labels: [],
    read: ({ custody }) => [[[], custody.destructions.batches]],
  },
  {
    name: "destruction_delays_total",
    type: "counter",
    help: "Looks at what was due to be destroyed that found that it has to wait: a sealed vault, a device away.",
    labels: [],
    read: ({ custody }) => [[[], custody.destructions.delays]],
  },
  {
    name: "backup_age_seconds",
    type: "gauge",
    help: "Since the last backup was taken whole; without one, since the vault was made; 0 without a vault.",
    labels: [],
    read: ({ custody, atMilliseconds }) => [
      [[], age(custody.backups.takenMilliseconds, atMilliseconds)],
    ],
  },
  {
    name: "backup_drill_age_seconds",
    type: "gauge",
    help: "Since somebody last said that a drill restored a backup; without one, since the vault was made; 0 without a vault.",
    labels: [],
    read: ({ custody, atMilliseconds }) => [
      [[], age(custody.backups.drilledMilliseconds, atMilliseconds)],
    ],
  },
] as const satisfies readonly CatalogueEntry[];
