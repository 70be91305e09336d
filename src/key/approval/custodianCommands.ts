import { refuse, type Refusal } from "../../port/errors.ts";
import type { KeyTime } from "../keyTime.ts";
import type { Approved, CommandKeepers } from "./commandKeeper.ts";
import { type CustodianKey, enrol, liveKey, peopleOf } from "./custodian.ts";
import type { CustodianRegister } from "./custodianRegister.ts";
import { custodianRemoval, custodianWrite } from "./rows.ts";

/**
 * Custodians let in further ones, and let them go.
 * @param required people that the strictest operation needs
 */
export function custodianCommands(
  register: CustodianRegister,
  time: KeyTime,
  required: number,
): CommandKeepers {
  const leaving = async (fingerprint: string): Promise<CustodianKey | Refusal> => {
    const all = await register.all();
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
    const atMilliseconds = time.now();
    const write =
      op === "enrol" ? custodianWrite(key) : custodianRemoval(key.fingerprint, atMilliseconds);
    const act = { op, atMilliseconds, actor, writes: [write, ...writes], intent: digest };
    await register.keep([key], act);
    return null;
  };
  return {
    "custodian.enrol": {
      async look(command) {
        const key = enrol(await register.all(), command, time.now());
        return "ok" in key ? key : { revision: null };
      },
      execute: async (command, approved, { id }) =>
        done(enrol(await register.all(), command, time.now()), "enrol", approved, id),
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
