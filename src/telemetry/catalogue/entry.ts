import type { ClientUse } from "../../port/principal.ts";
import type { ServiceSnapshot, SourceSnapshot } from "../../port/snapshot.ts";
import type { RequestTally } from "../requestTally.ts";

/** One value of a metric, with its labels in the order of the entry's `labels`. */
export type Sample = readonly [labels: readonly string[], value: number];

export interface CatalogueEntry {
  /** Without the prefix `springhouse_`; base units, the unit last, `_total` on counters. */
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly labels: readonly string[];
  /** What it is worth now: a projection of the same snapshot that `status` shows. */
  readonly read: (
    snapshot: ServiceSnapshot,
    tally: RequestTally,
    clients: readonly ClientUse[],
  ) => readonly Sample[];
}

export const seconds = (milliseconds: number): number => milliseconds / 1000;

export function perSource(
  value: (source: SourceSnapshot) => number | null,
): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.sources.flatMap((source) => {
      const number = value(source);
      return number === null ? [] : [[[source.id], number] as const];
    });
}
