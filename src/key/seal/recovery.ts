import type { SlotDescription } from "../../port/seal.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Approvals } from "../approval/approvals.ts";
import type { CommandKeepers, Requester } from "../approval/commandKeeper.ts";
import type { SealKeeper } from "./sealKeeper.ts";
import type { Opening } from "./slotRack.ts";

/*
 * Custodians and intents are outside of the seal, so that they can give leave while nothing inside of it
 * can be read.
 */

/** What `seal.recover` acts on: a recovery slot of a vault that is sealed, in its epoch. */
export function recoveryCommands(seal: Pick<SealKeeper, "state">): CommandKeepers {
  return {
    "seal.recover": {
      async look({ slot: id }) {
        const { slots, sealed } = seal.state();
        const slot = slots.find((one) => one.id === id);
        if (!slot) return refuse("not_found", "There is no such slot.");
        if (!slot.recovery)
          return refuse("conflict", `Slot ${slot.name} is no recovery slot: it needs no leave.`);
        // What was approved ahead of need would be a key in somebody's drawer.
        if (!sealed) return refuse("conflict", "The vault is open.");
        return { revision: slot.epoch };
      },
    },
  };
}

/**
 * Opens the vault by the recovery slot that custodians gave leave for; the intent is used up by it, and by
 * nothing that failed.
 * @returns as `SealKeeper.open` and `Approvals.spend`
 * @throws SpringhouseError `store_failed`, `sealed` (memory that cannot be locked)
 */
export async function recover(
  approvals: Pick<Approvals, "spend">,
  seal: Pick<SealKeeper, "open" | "state">,
  { intent, slot: named, passphrase }: Omit<Opening, "leave"> & { readonly intent: string },
  requester: Requester,
): Promise<SlotDescription | Refusal> {
  const opened: SlotDescription[] = [];
  const spent = await approvals.spend(intent, "seal.recover", requester, async (approved) => {
    const { command } = approved.document;
    if (command.op !== "seal.recover") return OTHER_SLOT;
    const { slot } = command;
    const meant = seal.state().slots.find(({ id }) => id === slot);
    if (named !== undefined && named !== slot && named !== meant?.name) return OTHER_SLOT;
    const leave = { slot, intent: approved.digest, writes: approved.writes };
    const done = await seal.open({ passphrase, leave }, requester.id);
    if ("ok" in done) return done;
    opened.push(done);
    return null;
  });
  return "ok" in spent ? spent : opened[0]!;
}

const OTHER_SLOT = refuse("approval_required", "The intent is for another slot.", {
  remedy: "Leave the slot out, or have custodians approve an intent for this one.",
});
