import { ERRORS, type ErrorCode } from "../../port/errors.ts";
import { DOORS } from "../../port/lineage.ts";
import type { CatalogueEntry } from "./entry.ts";

/** Codes that can be an answer over HTTP. */
const REFUSALS = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => ERRORS[code].status !== null,
);

/** What was asked for and answered. */
export const REQUESTS = [
  {
    name: "output_bytes_total",
    type: "counter",
    help: "Random bytes given to clients; for keys, bytes drawn for them.",
    labels: ["door"],
    read: (_snapshot, tally) =>
      DOORS.map((door) => [[door], tally.doors[door].outputBytes] as const),
  },
  {
    name: "requests_total",
    type: "counter",
    help: "Requests answered, by HTTP status.",
    labels: ["door", "code"],
    read: (_snapshot, tally) =>
      DOORS.flatMap((door) =>
        [...tally.doors[door].codes].map(([code, total]) => [[door, String(code)], total] as const),
      ),
  },
  {
    name: "refusals_total",
    type: "counter",
    help: "Requests refused, by code of the error catalogue.",
    labels: ["reason"],
    read: (_snapshot, tally) =>
      REFUSALS.map((reason) => [[reason], tally.refusals.get(reason) ?? 0] as const),
  },
] as const satisfies readonly CatalogueEntry[];
