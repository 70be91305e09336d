import { cp, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { readMaterial } from "../../../../src/key/seal/rows.ts";
import { checkDestructionReceipt } from "../../../../src/verify/destructionReceipt.ts";
import { hasSofthsm, makeToken } from "../../../support/softhsm.ts";
import { hasSwtpm, startTpm } from "../../../support/swtpm.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { openRig as openApprovals, taken } from "../approval/rig.ts";
import { SIGNER } from "../../log/logs.ts";
import { openRig as openSeal, type RigOptions } from "../seal/rig.ts";
import { initialise, keyIn, scheduled } from "./acts.ts";

const DAY = 86_400_000;

/** Everything that the database has written so far, as a thief or a backup would have it. */
async function copyOf(directory: string): Promise<string> {
  const copy = join(dirname(directory), "copy");
  await mkdir(copy, { mode: 0o700 });
  for (const name of await readdir(directory))
    if (name.startsWith("springhouse.db")) await cp(join(directory, name), join(copy, name));
  return copy;
}

/** Destroys a key and gives its receipt, and a copy of everything from before. */
async function destroyed(
  directory: string,
  slots: NonNullable<Parameters<typeof openApprovals>[0]>["slots"] & object,
  ...kinds: readonly string[]
) {
  await using rig = await openApprovals({ directory, slots });
  await initialise(rig.keeper, ...kinds);
  const key = await keyIn(rig, "deactivate");
  const copy = await copyOf(directory);
  const { id } = await scheduled(rig, key);
  rig.keys.clock.advance(DAY);
  await rig.destructions.runDue();
  expect(rig.failures).toEqual([]);
  const checked = checkDestructionReceipt(
    taken(await rig.destructions.receipt(id)),
    SIGNER.verifier,
  );
  if ("fault" in checked) throw new Error(checked.fault);
  return { key, copy, statement: checked.statement };
}

/** Whether the copy's vault opens, with every device of today and the passphrase. */
async function opensFrom(copy: string, options: RigOptions): Promise<boolean> {
  await using rig = await openSeal(copy, options);
  expect(await readMaterial(rig.store, await firstKey(rig), 1)).toBeDefined();
  await rig.keeper.open({ passphrase: null }, "thief").catch(() => null);
  await rig.keeper.open({ passphrase: new Uint8Array(Buffer.from("correct horse")) }, "thief");
  return !rig.keeper.state().sealed;
}

async function firstKey(rig: Awaited<ReturnType<typeof openSeal>>): Promise<string> {
  const [row] = await rig.store.read("managedKey.page", ["", 1]);
  return String(row?.["id"]);
}

describe("a copy of the database and its log from before a destruction", () => {
  test.skipIf(!hasSofthsm)("opens no more where the only slot was on an HSM", async () => {
    await using state = await temporaryState();
    const tokens = [await makeToken(join(dirname(state.directory), "hsm"))];
    const { copy, statement } = await destroyed(state.directory, { tokens }, "pkcs11");
    expect(statement).toMatchObject({
      assurance: "hardware",
      slots: [{ kind: "pkcs11", epoch: 1, assurance: "hardware" }],
    });
    expect(await opensFrom(copy, { tokens })).toBe(false);
  });

  test.skipIf(!hasSwtpm)("opens no more where the only slot was on a TPM", async () => {
    await using state = await temporaryState();
    const tpm = await startTpm(join(dirname(state.directory), "tpm"));
    try {
      const { copy, statement } = await destroyed(state.directory, { tpms: [tpm] }, "tpm2");
      expect(statement).toMatchObject({
        assurance: "hardware",
        slots: [{ kind: "tpm2", epoch: 1, assurance: "hardware" }],
      });
      expect(await opensFrom(copy, { tpms: [tpm] })).toBe(false);
    } finally {
      await tpm.stop();
    }
  });

  test.skipIf(!hasSofthsm)(
    "still opens by a passphrase slot, and the receipt says so",
    async () => {
      await using state = await temporaryState();
      const tokens = [await makeToken(join(dirname(state.directory), "hsm"))];
      const { copy, statement } = await destroyed(
        state.directory,
        { tokens },
        "pkcs11",
        "passphrase",
      );
      expect(statement).toMatchObject({
        assurance: "best-effort",
        slots: [
          { kind: "pkcs11", assurance: "hardware" },
          { kind: "passphrase", assurance: "best-effort" },
        ],
      });
      expect(await opensFrom(copy, { tokens })).toBe(true);
    },
  );
});
