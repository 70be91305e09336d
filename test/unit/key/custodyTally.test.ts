import { expect, test } from "vitest";
import { openCustodyTally } from "../../../src/key/custodyTally.ts";
import { asked, openRig, signatureOf, taken } from "./approval/rig.ts";
import { OWNER } from "./managed/rig.ts";
import { ADA, BEN, initialise, keyIn, scheduled } from "./destruction/acts.ts";

const DAY = 86_400_000;

/* Over a real database, log and vault: every figure is seen to follow what was done. */

test("intents are counted: opened, approved, executed, refused, withdrawn, and expired though nobody looks", async () => {
  await using rig = await openRig({ slots: {} });
  await initialise(rig.keeper, "passphrase");
  const { approvals, tally, keys } = rig;
  const none = tally.figures().intents;
  const of = (op: keyof typeof none) => tally.figures().intents[op];
  await scheduled(rig, await keyIn(rig, "deactivate"));
  const executed = { opened: 1, approved: 2, executed: 1, refused: 0, withdrawn: 0, expired: 0 };
  expect(of("key.destroy")).toEqual(executed);

  const key = await keyIn(rig, "deactivate");
  const ask = async () =>
    taken(await approvals.create(asked({ op: "key.destroy", key, version: 1 }), OWNER));
  const [one, two] = [await ask(), await ask()];
  expect(await approvals.approve(one.id, "no signature", "p-courier")).toMatchObject({ ok: false });
  expect(await approvals.execute(one.id, OWNER)).toMatchObject({ code: "approval_required" });
  expect(of("key.destroy")).toEqual({ ...executed, opened: 3, refused: 2 });
  taken(await approvals.withdraw(one.id, null, OWNER.id));
  taken(await approvals.approve(two.id, signatureOf(ADA, two), "p-courier"));
  await approvals.expireDue();
  const before = { ...executed, opened: 3, approved: 3, refused: 2, withdrawn: 1 };
  expect(of("key.destroy")).toEqual(before);
  keys.clock.advance(31 * DAY);
  await approvals.expireDue();
  expect(of("key.destroy")).toEqual({ ...before, expired: 1 });
  await approvals.expireDue();
  expect(of("key.destroy")).toEqual({ ...before, expired: 1 });
  for (const other of ["key.restore", "key.export", "custodian.enrol", "seal.recover"] as const)
    expect(of(other)).toEqual(none[other]);
});

test("destructions are counted: pending over a restart, called off, destroyed, in batches, and those that wait", async () => {
  await using rig = await openRig({ slots: {} });
  await initialise(rig.keeper, "passphrase");
  const { tally, destructions, keys } = rig;
  const of = () => tally.figures().destructions;
  const intents = [];
  for (let made = 0; made < 3; made++)
    intents.push(await scheduled(rig, await keyIn(rig, "deactivate")));
  expect(of()).toEqual({
    pending: 3,
    ended: { destroyed: 0, cancelled: 0 },
    batches: 0,
    delays: 0,
  });
  taken(await destructions.cancel(intents[0]!.id, null, OWNER));
  expect(of()).toMatchObject({ pending: 2, ended: { cancelled: 1 } });
  const restarted = await openCustodyTally(keys.store, () => {});
  expect(restarted.figures().destructions.pending).toBe(2);

  keys.clock.advance(2 * DAY);
  rig.keeper!.seal("for the test");
  await destructions.runDue();
  expect(of()).toMatchObject({ pending: 2, batches: 0, delays: 1 });
  const passphrase = new Uint8Array(Buffer.from("correct horse"));
  taken(await rig.keeper!.open({ passphrase }, "tester"));
  await destructions.runDue();
  expect(of()).toEqual({
    pending: 0,
    ended: { destroyed: 2, cancelled: 1 },
    batches: 1,
    delays: 1,
  });
  await destructions.runDue();
  expect(of().batches).toBe(1);
  expect(BEN.person).toBe("ben");
});

test("without a backup its age is that of the vault", async () => {
  await using rig = await openRig({ slots: {} });
  expect(rig.tally.figures().backups).toEqual({
    takenMilliseconds: null,
    drilledMilliseconds: null,
  });
  const made = rig.keys.clock.wallMilliseconds();
  await initialise(rig.keeper, "passphrase");
  const again = await openCustodyTally(rig.keys.store, () => {});
  const since = { takenMilliseconds: made, drilledMilliseconds: made };
  expect(again.figures().backups).toEqual(since);
  await expect.poll(() => rig.tally.figures().backups).toEqual(since);
});
