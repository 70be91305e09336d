import { KEY_STATES, KEY_USAGES } from "../../port/key.ts";
import { SLOT_KINDS } from "../../port/seal.ts";
import type { CatalogueEntry } from "./entry.ts";

/** The vault and the kept keys. */
export const KEYS = [
  {
    name: "sealed",
    type: "gauge",
    help: "1 while there is a vault and it is sealed: no kept key can be used.",
    labels: [],
    read: ({ vault }) => [[[], vault.initialised && vault.sealed ? 1 : 0]],
  },
  {
    name: "seal_epoch",
    type: "gauge",
    help: "The epoch whose key wraps all kept keys; 0 where there is no vault.",
    labels: [],
    read: ({ vault }) => [[[], vault.epoch ?? 0]],
  },
  {
    name: "seal_slots",
    type: "gauge",
    help: "Ways to open the vault.",
    labels: ["kind"],
    read: ({ vault }) =>
      SLOT_KINDS.map((kind) => [[kind], vault.slots.filter((slot) => slot.kind === kind).length]),
  },
  {
    name: "seal_refusals_total",
    type: "counter",
    help: "Attempts to open the vault that no slot accepted.",
    labels: [],
    read: ({ vault }) => [[[], vault.refusedTotal]],
  },
  {
    name: "locked_memory_ok",
    type: "gauge",
    help: "1 while no secret that outlives a call had to be kept in memory that is not locked.",
    labels: [],
    read: ({ vault }) => [[[], vault.lockedMemory.ok ? 1 : 0]],
  },
  {
    name: "locked_memory_bytes",
    type: "gauge",
    help: "Secrets in locked memory; the pages around them come on top.",
    labels: [],
    read: ({ vault }) => [[[], vault.lockedMemory.bytes]],
  },
  {
    name: "key_versions",
    type: "gauge",
    help: "Versions of managed keys, by state.",
    labels: ["state"],
    read: ({ keys }) => KEY_STATES.map((state) => [[state], keys.versions[state]]),
  },
  {
    name: "key_operations_total",
    type: "counter",
    help: "What was done with managed keys.",
    labels: ["usage"],
    read: ({ keys }) => KEY_USAGES.map((usage) => [[usage], keys.operations[usage]]),
  },
  {
    name: "key_rotations_total",
    type: "counter",
    help: "New versions of managed keys, by their policy or on demand.",
    labels: [],
    read: ({ keys }) => [[[], keys.rotations]],
  },
  {
    name: "key_overdue_total",
    type: "counter",
    help: "Acts of keys' policies that could not be done when they were due; each is tried again.",
    labels: [],
    read: ({ keys }) => [[[], keys.overdue]],
  },
] as const satisfies readonly CatalogueEntry[];
