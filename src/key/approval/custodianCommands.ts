import type { LeafOf } from "../../log/leaf.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Write } from "../../store/store.ts";
import type { Approved, CommandKeepers } from "./commandKeeper.ts";
import { type CustodianKey, enrol, liveKey, peopleOf } from "./custodian.ts";
import { custodianRemoval, custodianWrite } from "./rows.ts";

export interface CustodianCommandTerms {
  readonly custodians: () => Promise<readonly CustodianKey[]>;
  readonly now: () => number;
  /** People that the strictest operation needs. */
  readonly required: number;
  /** Keeps it with its leaf and event, and has the register read again. */
  readonly keep: (
    key: CustodianKey,
    op: LeafOf<"custodian">["op"],
    actor: string,
    writes: readonly Write[],
    intent?: string,
  ) => Promise<void>;
}

/** Custodians let in further ones, and let them go. */
export function custodianCommands({
  custodians,
  now,
  required,
  keep,
}: CustodianCommandTerms): CommandKeepers {
  const leaving = async (fingerprint: string): Promise<CustodianKey | Refusal> => {
    const all = await custodians();
    const key = liveKey(all, fingerprint);
    if (!key) return refuse("not_found", "No custodian has this key.");
    const left = peopleOf(all.filter((one) => one !== key)).length;
    if (left >= required) return key;
    return refuse(
      "conflict",
      `Without it ${left} people would be left, and ${required} are needed.`,
      {
        remedy: "Enrol another custodian first.",
      },
    );
  };
  const done = async (
    key: CustodianKey | Refusal,
    op: "enrol" | "remove",
    { digest, writes }: Approved,
    actor: string,
  ): Promise<Refusal | null> => {
    if ("ok" in key) return key;
    const write = op === "enrol" ? custodianWrite(key) : custodianRemoval(key.fingerprint, now());
    await keep(key, op, actor, [write, ...writes], digest);
    return null;
  };
  return {
    "custodian.enrol": {
      async look(command) {
        const key = enrol(await custodians(), command, now());
        return "ok" in key ? key : { revision: null };
      },
      execute: async (command, approved, { id }) =>
        done(enrol(await custodians(), command, now()), "enrol", approved, id),
    },
    "custodian.remove": {
      async look({ fingerprint }) {
        const key = await leaving(fingerprint);
        return "ok" in key ? key : { revision: null };
      },
      execute: async ({ fingerprint }, approved, { id }) =>
        done(await leaving(fingerprint), "remove", approved, id),
    },
  };
}
