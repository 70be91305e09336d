import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import { versionOf } from "../lifecycle/record.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";

/** Somebody wants a key to leave. */
export interface ExportRequest {
  readonly version: number;
  readonly principal: string;
  /** Admins may export any key that is exportable; everybody else their own. */
  readonly anyKey: boolean;
  /** The key's revision that custodians gave their leave for. */
  readonly revision: number | null;
}

/**
 * Whether a version may leave, leave of custodians aside. Who may merely use a key does not take it along.
 * @returns a Refusal `not_found`, `key_use_refused`, `conflict` for its state, `revision_changed`
 */
export function mayLeave(
  record: KeyRecord,
  { version: number, principal, anyKey, revision }: ExportRequest,
): KeyVersion | Refusal {
  if (!anyKey && principal !== record.owner) return refuse("not_found", "No such key.");
  if (!record.exportable)
    return refuse("key_use_refused", "The key is not exportable, and never will be.", {
      remedy: "Use it here, or create another that is exportable.",
    });
  const version = versionOf(record, number);
  if (!version) return refuse("not_found", `The key has no version ${number}.`);
  if (version.state !== "active")
    return refuse("conflict", `Version ${number} is ${version.state}; only an active one leaves.`);
  if (revision !== record.revision)
    return refuse(
      "revision_changed",
      `The key has revision ${record.revision}, and leave was given for ${revision}.`,
    );
  return version;
}
