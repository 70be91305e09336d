import type { LeafRule } from "./verifyLog.ts";

/** Nothing can have happened before the service started. */
function startFirst(): LeafRule {
  return ({ kind }, position) =>
    position > 0 || kind === "service_start" ? null : "the first leaf is no start of a service";
}

/** Every rule, new for each log: some remember what they have seen. */
export function leafRules(): LeafRule[] {
  return [startFirst()];
}
