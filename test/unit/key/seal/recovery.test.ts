import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SlotDescription } from "../../../../src/port/seal.ts";
import { recoveryCommands } from "../../../../src/key/seal/recovery.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { bytesOf, keyFileSlot, openRig, PASSPHRASE, passphraseSlot, type Rig } from "./rig.ts";

const PAPER = "words that were written on paper";
const REQUESTER = { id: "admin", anyKey: true };

async function added(rig: Rig, wanted: Parameters<Rig["keeper"]["addSlot"]>[0]) {
  const slot = await rig.keeper.addSlot(wanted, "tester");
  if ("ok" in slot) throw new Error(slot.detail);
  return slot;
}

async function withRecovery(rig: Rig): Promise<SlotDescription> {
  await rig.keeper.initialise(passphraseSlot(), "tester");
  return added(rig, { ...passphraseSlot("paper", PAPER), recovery: true });
}

const open = (rig: Rig, passphrase: string | null, more: object = {}) =>
  rig.keeper.open(
    { passphrase: passphrase === null ? null : bytesOf(passphrase), ...more },
    "tester",
  );
const leaveFor = (slot: SlotDescription) => ({
  leave: { slot: slot.id, intent: "ab".repeat(32), writes: [] },
});

test("a start tries no recovery slot, whatever would open it, and its secret is not looked at", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  await rig.keeper.initialise(passphraseSlot(), "tester");
  const machine = await added(rig, { ...keyFileSlot(), recovery: true });
  const paper = await added(rig, { ...passphraseSlot("paper", PAPER), recovery: true });
  await rig.keeper.close("tester", null);
  await rig.keeper.openByItself();
  expect(rig.keeper.state().sealed).toBe(true);
  expect(await rig.kinds()).not.toContain("seal_refused");
  expect(await open(rig, null)).toMatchObject({
    code: "approval_required",
    detail: expect.stringContaining("Only recovery slots are left: machine, paper") as string,
  });
  // Unnamed, the words are tried on the other slot alone.
  const unnamed = await open(rig, PAPER);
  expect(unnamed).toMatchObject({ code: "slot_refused" });
  expect("detail" in unnamed && unnamed.detail).not.toContain("paper");
  const named = { slot: "paper" };
  const [right, wrong] = [await open(rig, PAPER, named), await open(rig, "wrong wrong", named)];
  expect(right).toMatchObject({ code: "approval_required" });
  expect(wrong).toEqual(right);
  expect(await rig.kinds()).toContain("seal_refused");
  expect(await open(rig, PAPER, leaveFor(paper))).toMatchObject({ id: paper.id, recovery: true });
  await rig.keeper.close("tester", null);
  expect(await open(rig, null, leaveFor(machine))).toMatchObject({ id: machine.id });
});

test("leave for one slot opens no other, and none that is no recovery slot", async () => {
  await using state = await temporaryState();
  await using rig = await openRig(state.directory);
  const paper = await withRecovery(rig);
  const other = await added(rig, {
    ...passphraseSlot("other", "of another paper"),
    recovery: true,
  });
  const first = rig.keeper.state().slots.find(({ name }) => name === "first")!;
  await rig.keeper.close("tester", null);
  expect(await open(rig, PAPER, leaveFor(other))).toMatchObject({ code: "slot_refused" });
  expect(await open(rig, PASSPHRASE, leaveFor(first))).toMatchObject({ ok: false });
  expect(rig.keeper.state().sealed).toBe(true);
  const { look } = recoveryCommands(rig.keeper)["seal.recover"]!;
  const at = (slot: string) => look({ op: "seal.recover", slot }, REQUESTER);
  expect(await at(paper.id)).toEqual({ revision: 1 });
  expect(await at(first.id)).toMatchObject({ code: "conflict" });
  expect(await at("slot-0000000000000000")).toMatchObject({ code: "not_found" });
  expect(await open(rig, PASSPHRASE)).toMatchObject({ name: "first" });
  expect(await at(paper.id)).toMatchObject({ code: "conflict" });
});

test("it goes through a rotation and a restart as what it is, and leave for an epoch is for that one", async () => {
  await using state = await temporaryState();
  let paper: SlotDescription;
  {
    await using rig = await openRig(state.directory);
    paper = await withRecovery(rig);
    expect(await rig.leaves()).toContain("slot add passphrase");
    await rig.keeper.rotate("tester", null);
  }
  await using rig = await openRig(state.directory);
  const found = rig.keeper.state().slots.find(({ id }) => id === paper.id);
  expect(found).toMatchObject({ recovery: true, epoch: 2 });
  const { look } = recoveryCommands(rig.keeper)["seal.recover"]!;
  expect(await look({ op: "seal.recover", slot: paper.id }, REQUESTER)).toEqual({ revision: 2 });
  expect(await open(rig, PAPER, leaveFor(paper))).toMatchObject({ id: paper.id });
});

test.each([
  ["no recovery slot any more", 0, PAPER, "paper"],
  ["a recovery slot, which it was not", 1, PASSPHRASE, "first"],
])("a slot that another hand made %s opens nothing", async (_what, flag, passphrase, name) => {
  await using state = await temporaryState();
  {
    await using rig = await openRig(state.directory);
    await withRecovery(rig);
  }
  const database = new DatabaseSync(join(state.directory, "springhouse.db"));
  database.exec(`UPDATE seal_slot SET recovery = ${flag}`);
  database.close();
  await using rig = await openRig(state.directory);
  const slot = rig.keeper.state().slots.find((one) => one.name === name)!;
  const opening = flag === 1 ? leaveFor(slot) : { slot: name };
  expect(await open(rig, passphrase, opening)).toMatchObject({
    code: "slot_refused",
    detail: expect.stringContaining("changed by another hand") as string,
  });
});
