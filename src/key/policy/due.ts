import { isExpired, versionOf } from "../lifecycle/record.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";
import type { Amount } from "./limits.ts";

const DAY_MILLISECONDS = 86_400_000;

/** What a key's policy asks for by itself. */
export type Due =
  | { readonly act: "rotate"; readonly reason: "time" | "operations" | "bytes" }
  | { readonly act: "activate"; readonly version: number }
  | {
      readonly act: "deactivate";
      readonly version: number;
      readonly reason: "overlap" | "validity";
    };

/** When the scheduler has to look at a key again; null for never. It goes into the database. */
export function dueMilliseconds(record: KeyRecord, atMilliseconds: number): number | null {
  const { notAfterMilliseconds, notBeforeMilliseconds } = record.policy;
  const times: (number | null)[] = [rotationMilliseconds(record)];
  for (const version of record.versions) {
    if (isLive(version)) times.push(version.deactivateMilliseconds, notAfterMilliseconds);
    if (version.state === "pre-activation" && !isExpired(record, atMilliseconds))
      times.push(notBeforeMilliseconds);
  }
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The first thing to do now, or null. A key that is suspended waits for somebody. */
export function dueNow(record: KeyRecord, used: Amount, atMilliseconds: number): Due | null {
  const { notBeforeMilliseconds: begins } = record.policy;
  const over = isExpired(record, atMilliseconds);
  for (const version of record.versions) {
    if (version.state === "pre-activation" && begins !== null && atMilliseconds >= begins && !over)
      return { act: "activate", version: version.version };
    if (!isLive(version)) continue;
    if (over) return { act: "deactivate", version: version.version, reason: "validity" };
    const overlapEnds = version.deactivateMilliseconds;
    if (overlapEnds !== null && atMilliseconds >= overlapEnds)
      return { act: "deactivate", version: version.version, reason: "overlap" };
  }
  if (over || versionOf(record, record.primary)?.state !== "active") return null;
  const { maximumOperations, maximumBytes } = record.policy.rotation;
  const at = rotationMilliseconds(record);
  if (at !== null && atMilliseconds >= at) return { act: "rotate", reason: "time" };
  if (maximumOperations !== null && used.operations >= maximumOperations)
    return { act: "rotate", reason: "operations" };
  if (maximumBytes !== null && used.bytes >= maximumBytes)
    return { act: "rotate", reason: "bytes" };
  return null;
}

function rotationMilliseconds(record: KeyRecord): number | null {
  const { everyDays } = record.policy.rotation;
  const primary = versionOf(record, record.primary);
  if (everyDays === null || primary?.state !== "active") return null;
  return primary.activatedMilliseconds! + everyDays * DAY_MILLISECONDS;
}

/** Still to be deactivated at its time; a suspended version's overlap and validity end, too. */
function isLive({ state }: KeyVersion): boolean {
  return state === "active" || state === "suspended";
}
