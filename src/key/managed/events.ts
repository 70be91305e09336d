import type { LeafOf } from "../../log/leaf.ts";
import type { ServiceEvent } from "../../port/event.ts";

/** What is told live of a change; the leaf has all of it. */
export function eventOf({ at, actor, op, key, version, to, reason, revision }: LeafOf<"key">) {
  const which = version === null ? key : `version ${version} of ${key}`;
  return {
    kind: "key_changed",
    atMilliseconds: at,
    source: null,
    // Somebody stopped trusting a key: whoever relies on it wants to know.
    severity: op === "compromise" || op === "suspend" ? "warning" : "info",
    actor,
    reason: reason ?? null,
    detail: `${op}: ${which}${to === null ? "" : ` is ${to}`}`,
    data: { op, key, version, state: to, revision },
  } as const satisfies ServiceEvent;
}
