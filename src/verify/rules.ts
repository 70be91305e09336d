import { History } from "./replay/history.ts";
import { ReplayedLogKeys } from "./replay/logKeys.ts";
import type { LeafRule, LogCopy } from "./verifyLog.ts";

/** Nothing can have happened before the service started. */
function startFirst(): LeafRule {
  return ({ kind }, position) =>
    position > 0 || kind === "service_start" ? null : "the first leaf is no start of a service";
}

/** Everything follows from what was before it. */
function replayed(origin: string): LeafRule {
  const history = new History(origin);
  return (leaf) => history.apply(leaf);
}

/** Its keys have handed over to each other, down to the one that signed the copy's checkpoint. */
function handedOver({ keyring, checkpoint }: LogCopy): LeafRule {
  const keys = new ReplayedLogKeys(keyring, checkpoint.note);
  return (leaf) => keys.apply(leaf);
}

/** Every rule, new for each copy: some remember what they have seen. */
export function leafRules(copy: LogCopy): LeafRule[] {
  return [startFirst(), replayed(copy.checkpoint.origin), handedOver(copy)];
}
