import { series } from "../query.ts";
import { again, feed, type Alert } from "./rule.ts";

const SOURCE = { source: "s" } as const;

const passed = (values: string) => [feed("drill_passed", SOURCE, values)];
const lastPassed = (values: string) => [
  feed("drill_last_passed_timestamp_seconds", SOURCE, values),
];

/** Twice the default of drill.intervalHours. */
const OVERDUE_SECONDS = 172_800;

/** Whether the health tests still find what they should. */
export const DRILLS: readonly Alert[] = [
  {
    name: "SpringhouseDrillFailed",
    expr: `${series("drill_passed")} == 0`,
    for: "0m",
    keepFiringFor: "10m",
    severity: "page",
    summary: "A drill of {{ $labels.source }}: its health tests do not find what they should",
    remedy:
      "`springhouse drill --source ID` says which; do not rely on the source until it passes.",
    meaning:
      "A shadow of the source's health tests was given faults whose alarm is known to the sample, and did not raise one of them, or not there. Nothing live was touched; but the live tests are the same code with the same options.",
    steps: [
      "`springhouse drill --source ID` again: each line shows theory beside what was observed.",
      "It names a build: compare it with the one before, and go back to that one.",
      "A machine that computes wrongly fails elsewhere too: `POST /v1/selftest`.",
    ],
    labels: SOURCE,
    fires: { feed: passed("1x4 0x9 1x30"), firing: [5, 24] },
    flaps: { feed: passed(again("0 1", 20)), firing: [0, 30] },
    warmUp: { feed: passed("_x5 1x30"), firing: null },
  },
  {
    name: "SpringhouseDrillOverdue",
    expr: `time() - ${series("drill_last_passed_timestamp_seconds")} > ${OVERDUE_SECONDS}`,
    for: "5m",
    severity: "ticket",
    summary: "No drill of {{ $labels.source }} has passed for two days",
    remedy: "Is its device there? `springhouse drill --source ID` says.",
    meaning:
      "The schedule (drill.intervalHours, a day by default) drills every source whose device is there. A longer interval, or none, needs another bound than two days here.",
    steps: [
      "`springhouse drill --source ID`: a source without its device is refused.",
      "An alert of a drill that failed goes before this one.",
    ],
    labels: SOURCE,
    // Two days are over after five minutes; in the twentieth one passes.
    fires: { feed: lastPassed("-172500x19 1200x30"), firing: [11, 19] },
    flaps: { feed: lastPassed(again("-200000 0", 20)), firing: null },
    warmUp: { feed: lastPassed("_x5 300x30"), firing: null },
  },
];
