import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import type { Shortfall, Unmet } from "../port/seed.ts";
import type { StoreFailure } from "./seedMaker.ts";

export function busy(detail: string): Refusal {
  return refuse("busy", detail, { retryAfterSeconds: 1 });
}

/** The record is still being written; the request waits no longer for it. */
export const RECORD_LATE = refuse("store_failed", "the record of the next seed takes too long", {
  retryAfterSeconds: 1,
});

export function storeFailed(failure: StoreFailure): Refusal {
  return refuse("store_failed", "the record of the next seed could not be written", {
    retryAfterSeconds: Math.max(1, Math.ceil(failure.retryMilliseconds / 1000)),
  });
}

/**
 * @param seeded false when the instance has had no seed yet
 * @param retryAfterSeconds when the pool is likely to hold enough
 */
export function lacking(
  seeded: boolean,
  requirement: Requirement,
  lack: Shortfall | StoreFailure | null,
  retryAfterSeconds: number,
): Refusal {
  if (lack?.type === "store_failed") return storeFailed(lack);
  const detail = lack?.detail ?? "no prepared seed is left";
  const unmet = lack === null ? [] : named(lack.unmet, requirement);
  if (!seeded) return refuse("not_ready", detail, { unmet, retryAfterSeconds });
  if (unmet.length > 0) return refuse("unmet", detail, { unmet, retryAfterSeconds });
  return refuse("pool_exhausted", detail, { retryAfterSeconds });
}

/** What the asker has not got, in the words that the request was made in. */
function named(unmet: readonly Unmet[], requirement: Requirement): readonly Unmet[] {
  return (
    unmet
      // Alone it means that the pool does not hold enough bits now; what else is missing does not
      // come by waiting for more of the same noise.
      .filter((word) => word !== "strength")
      // A request that named no number of sources is not told that its own number is unmet.
      .filter(
        (word) =>
          word !== "sources" || requirement.sources !== undefined || !unmet.includes("quorum"),
      )
      // The supply calls an age up to a second so; here it is only that age which was asked for.
      .map((word) => (word === "fresh" ? "max_seed_age" : word))
  );
}
