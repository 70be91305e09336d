import { KeyReplay } from "../key/lifecycle/replay.ts";
import type { LeafRule } from "./verifyLog.ts";

/** Nothing can have happened before the service started. */
function startFirst(): LeafRule {
  return ({ kind }, position) =>
    position > 0 || kind === "service_start" ? null : "the first leaf is no start of a service";
}

/** Keys went through no state that SP 800-57 does not have, and what needs leave had it. */
function keysInOrder(): LeafRule {
  const keys = new KeyReplay();
  return (leaf) => (leaf.kind === "key" ? keys.push(leaf) : null);
}

/** What was made here says what noise it was made of; what was made elsewhere cannot. */
function birthsCertified(): LeafRule {
  return (leaf) => {
    if (leaf.kind !== "key") return null;
    if (leaf.op === "create" && !leaf.birth) return `${leaf.key}: made without a birth certificate`;
    if (leaf.op === "import" && leaf.birth) return `${leaf.key}: imported with a birth certificate`;
    return null;
  };
}

/** Every rule, new for each log: some remember what they have seen. */
export function leafRules(): LeafRule[] {
  return [startFirst(), keysInOrder(), birthsCertified()];
}
