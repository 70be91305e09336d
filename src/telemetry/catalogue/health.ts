import { HEALTH_TESTS, SEVERITIES } from "../../port/health.ts";
import type { SourceSnapshot } from "../../port/snapshot.ts";
import { perSource, type CatalogueEntry } from "./entry.ts";

function perTest(
  value: (test: SourceSnapshot["tests"][number]) => number | null,
): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.sources.flatMap((source) =>
      source.tests.flatMap((test) => {
        const number = value(test);
        return number === null ? [] : [[[source.id, test.test], number] as const];
      }),
    );
}

/** How close the health tests are to an alarm. Cutoffs and watermarks are in the unit of each test. */
export const HEALTH = [
  {
    name: "source_expected_false_alarms_per_year",
    type: "gauge",
    help: "Intermittent alarms a year to be expected of good noise at this configuration.",
    labels: ["source"],
    read: perSource((source) => source.expectedFalseAlarmsPerYear),
  },
  {
    name: "health_alarms_total",
    type: "counter",
    help: "Alarms of the health tests.",
    labels: ["source", "test", "severity"],
    read: (snapshot) =>
      snapshot.sources.flatMap((source) =>
        HEALTH_TESTS.flatMap((test) =>
          SEVERITIES.map((severity) => {
            const seen = source.alarms.find(
              (alarm) => alarm.test === test && alarm.severity === severity,
            );
            return [[source.id, test, severity], seen?.total ?? 0] as const;
          }),
        ),
      ),
  },
  {
    name: "health_cutoff",
    type: "gauge",
    help: "Where the test raises an intermittent alarm.",
    labels: ["source", "test"],
    read: perTest((test) => test.cutoffIntermittent),
  },
  {
    name: "health_cutoff_permanent",
    type: "gauge",
    help: "Where the test raises a permanent alarm; missing where it could never be reached.",
    labels: ["source", "test"],
    read: perTest((test) => test.cutoffPermanent),
  },
  {
    name: "health_watermark",
    type: "gauge",
    help: "The closest approach to the cutoff since the start, in the cutoff's unit.",
    labels: ["source", "test"],
    read: perTest((test) => test.watermark),
  },
  {
    name: "health_recent_watermark",
    type: "gauge",
    help: "The closest approach to the cutoff in the last ten to twenty minutes, in the cutoff's unit. The watermark since the start climbs by chance alone; this one shows noise that gets worse.",
    labels: ["source", "test"],
    read: perTest((test) => test.recentWatermark),
  },
] as const satisfies readonly CatalogueEntry[];
