import { KEY_STATES, KEY_TRANSITIONS } from "../../port/key.ts";
import type { KeyState, KeyTransition } from "../../port/key.ts";
import type { KeyLeaf } from "./leaf.ts";
import { allowedTransitions, needsApproval, transition } from "./transition.ts";

/** What the log says of a key. */
export interface ReplayedKey {
  readonly revision: number;
  readonly primary: number;
  /** State of each version; index 0 is version 1. */
  readonly states: readonly KeyState[];
}

export interface ReplayFault {
  /** Which leaf, counted from 0 over those that were given. */
  readonly index: number;
  readonly detail: string;
}

export type Replayed =
  | { readonly ok: true; readonly keys: ReadonlyMap<string, ReplayedKey> }
  | ({ readonly ok: false } & ReplayFault);

/** The fields of a leaf that the state machine depends on. */
export type ReplayedLeaf = Pick<
  KeyLeaf,
  "op" | "key" | "version" | "from" | "to" | "revision" | "intent"
>;

const BIRTHS: readonly string[] = ["create", "import", "rotate"];

/**
 * Runs the state machine over every key leaf of a log, in its order. What comes out is what the
 * database must hold; the first leaf that the machine would not have allowed is named.
 */
export function replay(leaves: Iterable<ReplayedLeaf>): Replayed {
  const keys = new Map<string, ReplayedKey>();
  let index = 0;
  for (const leaf of leaves) {
    const detail = replayLeaf(keys, leaf);
    if (detail !== null) return { ok: false, index, detail };
    index++;
  }
  return { ok: true, keys };
}

/**
 * The same, a leaf at a time.
 * @param keys what the leaves before came to; the leaf's key is replaced in it
 * @returns why the machine would not have allowed the leaf; null when it would
 */
export function replayLeaf(keys: Map<string, ReplayedKey>, leaf: ReplayedLeaf): string | null {
  const next = step(keys.get(leaf.key), leaf);
  if (typeof next === "string") return `${leaf.key}: ${next}`;
  keys.set(leaf.key, next);
  return null;
}

/** The key after one leaf, or why the leaf cannot be. */
function step(key: ReplayedKey | undefined, leaf: ReplayedLeaf): ReplayedKey | string {
  const { op, revision } = leaf;
  const first = op === "create" || op === "import";
  if (first === (key !== undefined)) return first ? "born twice" : "changed before its birth";
  const expected = (key?.revision ?? 0) + 1;
  if (revision !== expected) return `revision ${revision} where ${expected} comes next`;
  if (op === "policy")
    return leaf.version === null ? { ...key!, revision } : "a policy of a version";
  if (BIRTHS.includes(op)) return born(key, leaf);
  if (!KEY_TRANSITIONS.some((known) => known === op)) return `the operation ${op} is unknown`;
  return moved(key!, leaf, op as KeyTransition);
}

function born(key: ReplayedKey | undefined, leaf: ReplayedLeaf): ReplayedKey | string {
  const { version, from, to, revision } = leaf;
  const next = (key?.states.length ?? 0) + 1;
  if (version !== next) return `version ${version} is born where ${next} comes next`;
  if (from !== null) return `version ${version} is born out of ${from}`;
  if (to !== "active" && to !== "pre-activation") return `version ${version} is born ${to}`;
  const primary = key && to !== "active" ? key.primary : version;
  return { revision, primary, states: [...(key?.states ?? []), to] };
}

function moved(key: ReplayedKey, leaf: ReplayedLeaf, op: KeyTransition): ReplayedKey | string {
  const { version, from, to, revision, intent } = leaf;
  const state = version === null ? undefined : key.states[version - 1];
  if (version === null || state === undefined) return `there is no version ${version}`;
  if (from !== state) return `version ${version} is ${state}, and the leaf says ${from}`;
  if (!KEY_STATES.some((known) => known === to)) return `the state ${to} is unknown`;
  if (!allowedTransitions(state).includes(op)) return `version ${version} is ${state}: no ${op}`;
  if (needsApproval(state, op) && intent === undefined) return `${op} without an approved intent`;
  const approval =
    intent === undefined
      ? null
      : { digest: intent, key: leaf.key, version, transition: op, revision: revision - 1 };
  // A key's validity is no fact of the log's; what was refused for it has no leaf.
  const judged = transition(state, op, { expired: false, approval });
  if ("ok" in judged || judged.to !== to) return `${op} does not lead from ${state} to ${to}`;
  const activated = op === "activate" && version > key.primary;
  return {
    revision,
    primary: activated ? version : key.primary,
    states: key.states.with(version - 1, judged.to),
  };
}
