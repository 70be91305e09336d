import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import type { Shortfall, Unmet } from "../port/seed.ts";
import type { DrbgInstance } from "./instance.ts";
import type { StoreFailure } from "./seedMaker.ts";

export function busy(detail: string): Refusal {
  return refuse("busy", detail, { retryAfterSeconds: 1 });
}

export function storeFailed(failure: StoreFailure): Refusal {
  return refuse("store_failed", "the record of the next seed could not be written", {
    retryAfterSeconds: Math.max(1, Math.ceil(failure.retryMilliseconds / 1000)),
  });
}

/** @param retryAfterSeconds when the pool is likely to hold enough */
export function lacking(
  instance: DrbgInstance,
  requirement: Requirement,
  lack: Shortfall | StoreFailure | null,
  retryAfterSeconds: number,
): Refusal {
  if (lack?.type === "store_failed") return storeFailed(lack);
  const detail = lack?.detail ?? "no prepared seed is left";
  // "strength" alone means that the pool does not hold enough bits now; what else is missing does
  // not come by waiting for more of the same noise.
  const unmet: readonly Unmet[] = lack?.unmet.filter((word) => word !== "strength") ?? [];
  if (!instance.seeded) return refuse("not_ready", detail, { unmet, retryAfterSeconds });
  if (unmet.length > 0) {
    const named = asked(requirement, unmet);
    return refuse("unmet", detail, { unmet: named, retryAfterSeconds });
  }
  return refuse("pool_exhausted", detail, { retryAfterSeconds });
}

/** A request that named no number of sources is not told that its own number is unmet. */
function asked(requirement: Requirement, unmet: readonly Unmet[]): readonly Unmet[] {
  if (requirement.sources !== undefined || !unmet.includes("quorum")) return unmet;
  return unmet.filter((word) => word !== "sources");
}
