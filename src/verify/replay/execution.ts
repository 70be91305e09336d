import type { CommandOf } from "../../key/approval/commandKeeper.ts";
import type { Leaf } from "../../log/leaf.ts";
import type { Command, CommandOperation } from "../../port/approval.ts";

/**
 * The intent that a leaf uses up, by its digest.
 * @returns null where it should name one and does not; undefined for a leaf that needs none
 */
export function intentSpentBy(leaf: Leaf): string | null | undefined {
  switch (leaf.kind) {
    case "custodian":
      return leaf.op === "bootstrap" ? leaf.intent : (leaf.intent ?? null);
    case "export":
      return leaf.of === "pair" ? leaf.intent : (leaf.intent ?? null);
    case "destruction":
      // What comes after names the intent that the schedule has used up.
      return leaf.op === "schedule" ? leaf.intent : undefined;
    case "key":
      if (leaf.op === "process") return leaf.intent ?? null;
      return leaf.op === "destroy" ? undefined : leaf.intent;
    default:
      return "intent" in leaf ? (leaf as { readonly intent?: string }).intent : undefined;
  }
}

/** Of every operation: whether a leaf is the doing of what was approved. */
const EXECUTIONS: {
  readonly [Operation in CommandOperation]: (leaf: Leaf, command: CommandOf<Operation>) => boolean;
} = {
  "key.restore": (leaf, { key, version }) =>
    leaf.kind === "key" && leaf.op === "restore" && leaf.key === key && leaf.version === version,
  "key.destroy": (leaf, { key, version }) =>
    leaf.kind === "destruction" && leaf.key === key && leaf.version === version,
  "key.process": (leaf, { key, version }) =>
    leaf.kind === "key" && leaf.op === "process" && leaf.key === key && leaf.version === version,
  "seal.recover": (leaf, { slot }) =>
    leaf.kind === "epoch" && leaf.op === "open" && leaf.slot === slot,
  "key.export": (leaf, { key, version, recipient }) =>
    leaf.kind === "export" &&
    leaf.of === "key" &&
    leaf.keys.length === 1 &&
    leaf.keys[0] === key &&
    leaf.version === version &&
    leaf.recipient === recipient,
  "custodian.enrol": (leaf, { person, publicKey, principals }) => {
    if (leaf.kind !== "custodian" || leaf.op !== "enrol" || leaf.keys.length !== 1) return false;
    const [key] = leaf.keys;
    return (
      key!.person === person &&
      key!.publicKey === publicKey &&
      key!.principals.join() === principals.join()
    );
  },
  "custodian.remove": (leaf, { fingerprint }) =>
    leaf.kind === "custodian" &&
    leaf.op === "remove" &&
    leaf.keys.length === 1 &&
    leaf.keys[0]!.key === fingerprint,
};

export function executes(leaf: Leaf, command: Command): boolean {
  const execution = EXECUTIONS[command.op] as (leaf: Leaf, command: Command) => boolean;
  return execution(leaf, command);
}
