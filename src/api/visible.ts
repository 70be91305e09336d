import { ERRORS, type ErrorCode } from "../port/errors.ts";
import type { ServiceSnapshot } from "../port/snapshot.ts";

const meaningOf = (code: string): string => ERRORS[code as ErrorCode]?.meaning ?? "";

/**
 * The picture for those who may not ask for the sources: what is wrong and what to do stays; devices,
 * with their places and serial numbers, and texts of the system that may name them are left out.
 */
export function withoutPlaces(snapshot: ServiceSnapshot): ServiceSnapshot {
  const { sources, unready, store, vault } = snapshot;
  return {
    ...snapshot,
    sources: sources.map((source) => ({
      ...source,
      device: null,
      detail: source.cause === null ? "" : meaningOf(source.cause),
    })),
    unready: unready.map((cause) => ({ ...cause, detail: meaningOf(cause.code) })),
    // Who has a slot, and by what, is what a thief would ask.
    vault: { ...vault, cause: vault.sealed ? meaningOf("sealed") : null, slots: [] },
    disk: null,
    store: { ok: store.ok, detail: store.ok ? store.detail : meaningOf("store_failed") },
  };
}
