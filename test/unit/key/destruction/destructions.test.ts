import { describe, expect, test } from "vitest";
import { checkDestructionReceipt } from "../../../../src/verify/destructionReceipt.ts";
import { asked, openRig, type Rig, taken } from "../approval/rig.ts";
import { SIGNER } from "../../log/logs.ts";
import { OTHER, OWNER } from "../managed/rig.ts";
import { initialise, keyIn, scheduled, stateOf, transit } from "./acts.ts";

const DAY = 86_400_000;

async function begun(options: Parameters<typeof openRig>[0] = {}): Promise<Rig> {
  const rig = await openRig({ slots: {}, ...options });
  await initialise(rig.keeper, "passphrase");
  return rig;
}

const materials = async ({ keys }: Rig, key: string) =>
  (await keys.store.read("keyMaterial.one", [key, 1])).length;

describe("an approved destruction", () => {
  test("waits out its window, then ends the epoch, and has a receipt that says best effort", async () => {
    await using rig = await begun();
    const [doomed, other] = [await keyIn(rig, "deactivate"), await keyIn(rig)];
    const intent = await scheduled(rig, doomed);
    await rig.destructions.runDue();
    expect(await stateOf(rig, doomed)).toBe("deactivated");
    expect(await rig.destructions.receipt(intent.id)).toMatchObject({ code: "conflict" });

    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect(rig.failures).toEqual([]);
    expect(await stateOf(rig, doomed)).toBe("destroyed");
    expect([await materials(rig, doomed), await materials(rig, other)]).toEqual([0, 1]);
    expect(rig.keeper!.state().epoch).toBe(2);

    const receipt = taken(await rig.destructions.receipt(intent.id));
    const checked = checkDestructionReceipt(JSON.parse(JSON.stringify(receipt)), SIGNER.verifier);
    expect(checked).toMatchObject({
      statement: {
        key: doomed,
        version: 1,
        to: "destroyed",
        requester: OWNER.id,
        approvers: ["ada", "ben"],
        intent: intent.digest,
        epochs: [1, 2],
        slots: [{ name: "passphrase", kind: "passphrase", epoch: 1, assurance: "best-effort" }],
        backups: [],
        assurance: "best-effort",
      },
    });
    expect(await rig.keys.replayed()).toEqual(await rig.keys.stored());
    const ops = (await rig.leaves()).map((leaf) => `${leaf.kind} ${"op" in leaf ? leaf.op : ""}`);
    expect(ops.slice(-3)).toEqual(["destruction schedule", "key destroy", "destruction receipt"]);
    expect(await rig.fault()).toBeNull();
  });

  test("without a window is done at once, not at the next look", async () => {
    await using rig = await begun({ windowMilliseconds: 0 });
    const key = await keyIn(rig, "deactivate");
    rig.destructions.start();
    const { id } = await scheduled(rig, key);
    rig.keys.clock.advance(1);
    const state = async () => taken(await rig.destructions.get(id)).state;
    await expect.poll(state, { timeout: 15_000 }).toBe("destroyed");
    expect([await stateOf(rig, key), rig.failures]).toEqual(["destroyed", []]);
    await rig.destructions.stop();
  });

  test("of many keys ends one epoch", async () => {
    await using rig = await begun();
    const doomed = [await keyIn(rig, "deactivate"), await keyIn(rig, "compromise")];
    for (const key of doomed) await scheduled(rig, key);
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect(rig.keeper!.state().epoch).toBe(2);
    expect([await stateOf(rig, doomed[0]!), await stateOf(rig, doomed[1]!)]).toEqual([
      "destroyed",
      "destroyed-compromised",
    ]);
  });

  test("can be called off by its owner, and by nobody whose key it is not", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    const { id } = await scheduled(rig, key);
    expect(await rig.destructions.cancel(id, null, OTHER)).toMatchObject({ code: "not_found" });
    const off = taken(await rig.destructions.cancel(id, "still needed", OWNER));
    expect(off.state).toBe("cancelled");
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect(await stateOf(rig, key)).toBe("deactivated");
    expect(await rig.destructions.cancel(id, null, OWNER)).toMatchObject({ code: "conflict" });
    // It can be asked for again.
    await scheduled(rig, key);
  });

  test("is not asked for twice, nor of a key that is in use", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    await scheduled(rig, key);
    const again = asked({ op: "key.destroy", key, version: 1 } as const);
    expect(await rig.approvals.create(again, OWNER)).toMatchObject({ code: "conflict" });
    const active = asked({ op: "key.destroy", key: await keyIn(rig), version: 1 } as const);
    expect(await rig.approvals.create(active, OWNER)).toMatchObject({ code: "conflict" });
  });

  test("is not scheduled for a key that changes in that very moment", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    rig.keys.spoil = async (batch) => {
      if (!batch.some(({ statement }) => statement === "destruction.insert")) return;
      rig.keys.spoil = null;
      await transit(rig.keys, key, "compromise");
    };
    await expect(scheduled(rig, key)).rejects.toThrow("revision_changed");
    expect(await rig.destructions.list("", 10)).toEqual([]);
    // The intent is as it was; nothing of it is in the log.
    expect((await rig.approvals.list("", 10)).at(-1)).toMatchObject({ state: "approved" });
    expect(await rig.fault()).toBeNull();
    await scheduled(rig, key);
  });

  test("of a key that was changed meanwhile is done all the same, as what it is by then", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    await scheduled(rig, key);
    await transit(rig.keys, key, "compromise");
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect(await stateOf(rig, key)).toBe("destroyed-compromised");
  });

  test("of a version that became active meanwhile is called off", async () => {
    await using rig = await begun();
    const { record } = taken(
      await rig.keys.room.service.create({ type: "aes-256", activate: false }, {}, OWNER),
    );
    const { id } = await scheduled(rig, record.id);
    await transit(rig.keys, record.id, "activate");
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect((await rig.destructions.list("", 10)).find((one) => one.id === id)?.state).toBe(
      "cancelled",
    );
    expect(rig.keeper!.state().epoch).toBe(1);
  });

  test("waits for a vault that is sealed", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    await scheduled(rig, key);
    await rig.keeper!.close("tester", null);
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    expect(rig.failures).toEqual([expect.stringContaining("sealed")]);
    expect(await stateOf(rig, key)).toBe("deactivated");
  });

  test("that was interrupted before its receipt gets one that claims no more than is known", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    const { id } = await scheduled(rig, key);
    rig.keys.clock.advance(DAY);
    rig.keys.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "destruction.complete"))
        throw new Error("the power went");
    };
    await expect(rig.destructions.runDue()).rejects.toThrow("the power went");
    rig.keys.spoil = null;
    expect(await stateOf(rig, key)).toBe("destroyed");
    await rig.destructions.runDue();
    const checked = checkDestructionReceipt(
      taken(await rig.destructions.receipt(id)),
      SIGNER.verifier,
    );
    expect(checked).toMatchObject({
      statement: {
        epochs: [1, 3],
        assurance: "best-effort",
        slots: [{ epoch: 1, detail: expect.stringContaining("interrupted") }, { epoch: 2 }],
      },
    });
  });
});

describe("a receipt", () => {
  test("names slots that were removed while the epoch was live", async () => {
    await using rig = await begun();
    const key = await keyIn(rig, "deactivate");
    const wanted = { kind: "passphrase", place: null } as const;
    const passphrase = new Uint8Array(Buffer.from("battery staple"));
    const extra = taken(
      await rig.keeper!.addSlot({ ...wanted, name: "extra", passphrase }, "tester"),
    );
    await rig.keeper!.removeSlot(extra.id, "tester");
    const { id } = await scheduled(rig, key);
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    const checked = checkDestructionReceipt(
      taken(await rig.destructions.receipt(id)),
      SIGNER.verifier,
    );
    expect(checked).toMatchObject({
      statement: {
        slots: [{ name: "passphrase" }, { name: "extra", assurance: "best-effort" }],
      },
    });
  });

  test("that was changed anywhere proves nothing", async () => {
    await using rig = await begun();
    const { id } = await scheduled(rig, await keyIn(rig, "deactivate"));
    rig.keys.clock.advance(DAY);
    await rig.destructions.runDue();
    const receipt = taken(await rig.destructions.receipt(id));
    const check = (changed: object) =>
      checkDestructionReceipt({ ...receipt, ...changed }, SIGNER.verifier);
    expect(check({})).toHaveProperty("statement");
    const { note, entry, proof, checkpoint } = receipt;
    for (const changed of [
      { note: note.replace("best-effort", "hardware") },
      { note: note.replace("ada", "eve") },
      { entry: entry.replace('"version":1', '"version":2') },
      { position: receipt.position - 1 },
      { proof: proof.slice(1) },
      { proof: proof.toReversed() },
      { checkpoint: checkpoint.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`) },
      { kind: "another" },
    ])
      expect(check(changed), JSON.stringify(changed)).toHaveProperty("fault");
  });
});
