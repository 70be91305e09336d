import { replayLeaf, type ReplayedKey } from "../key/lifecycle/replay.ts";
import type { LeafRule } from "./verifyLog.ts";

/** Nothing can have happened before the service started. */
function startFirst(): LeafRule {
  return ({ kind }, position) =>
    position > 0 || kind === "service_start" ? null : "the first leaf is no start of a service";
}

/** Every change of a key is one that its state machine allows. */
function keysReplayed(): LeafRule {
  const keys = new Map<string, ReplayedKey>();
  return (leaf) => (leaf.kind === "key" ? replayLeaf(keys, leaf) : null);
}

/** Every rule, new for each log: some remember what they have seen. */
export function leafRules(): LeafRule[] {
  return [startFirst(), keysReplayed()];
}
