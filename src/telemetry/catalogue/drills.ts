import { seconds, type CatalogueEntry } from "./entry.ts";

/** Whether the health tests still find what they should. */
export const DRILLS = [
  {
    name: "drill_passed",
    type: "gauge",
    help: "1 when the source's last drill found every induced failure where theory has it.",
    labels: ["source"],
    read: ({ drills }) => drills.map(({ source, passed }) => [[source], passed ? 1 : 0]),
  },
  {
    name: "drill_last_passed_timestamp_seconds",
    type: "gauge",
    help: "When a drill of the source's health tests last passed; missing until one did.",
    labels: ["source"],
    read: ({ drills }) =>
      drills.flatMap(({ source, lastPassedMilliseconds: at }) =>
        at === null ? [] : [[[source], seconds(at)] as const],
      ),
  },
] as const satisfies readonly CatalogueEntry[];
