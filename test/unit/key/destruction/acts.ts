import type { SealKeeper } from "../../../../src/key/seal/sealKeeper.ts";
import type { IntentDescription } from "../../../../src/port/approval.ts";
import { testCustodian } from "../approval/custodians.ts";
import { asked, enrolment, type Rig, signatureOf, taken } from "../approval/rig.ts";
import { OWNER } from "../managed/rig.ts";

export const ADA = testCustodian("ada");
export const BEN = testCustodian("ben", "ecdsa");

export async function keyIn(
  { keys }: Rig,
  ...transitions: readonly ("deactivate" | "compromise")[]
): Promise<string> {
  const { record } = taken(await keys.room.service.create({ type: "aes-256" }, {}, OWNER));
  for (const transition of transitions) await transit(keys, record.id, transition);
  return record.id;
}

export async function transit(
  keys: Rig["keys"],
  key: string,
  transition: "activate" | "deactivate" | "compromise" | "suspend",
): Promise<void> {
  const order = { transition, version: 1, reason: null, occurredMilliseconds: null };
  taken(await keys.room.service.transit(key, { ...order, approval: null }, OWNER));
}

/** Asked for, approved by two people, and executed: scheduled. */
export async function scheduled({ approvals }: Rig, key: string): Promise<IntentDescription> {
  if ((await approvals.custodians()).length === 0)
    taken(
      await approvals.bootstrap(
        [ADA, BEN].map((who) => enrolment(who)),
        "p-admin",
      ),
    );
  const intent = taken(
    await approvals.create(asked({ op: "key.destroy", key, version: 1 }), OWNER),
  );
  for (const who of [ADA, BEN])
    taken(await approvals.approve(intent.id, signatureOf(who, intent), "p-courier"));
  return taken(await approvals.execute(intent.id, OWNER));
}

export const stateOf = async ({ keys }: Rig, key: string) =>
  taken(await keys.room.reader.get(key, OWNER)).state;

export async function initialise(keeper: SealKeeper | null, ...kinds: string[]): Promise<void> {
  for (const [index, kind] of kinds.entries()) {
    const wanted = {
      kind,
      name: kind,
      passphrase: kind === "passphrase" ? new Uint8Array(Buffer.from("correct horse")) : null,
      place: kind === "passphrase" ? null : kind === "pkcs11" ? "hsm" : "tpm",
    } as never;
    taken(
      index === 0
        ? await keeper!.initialise(wanted, "tester")
        : await keeper!.addSlot(wanted, "tester"),
    );
  }
}
