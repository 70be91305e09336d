import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { Approvals } from "../../../../src/key/approval/approvals.ts";
import type { IntentDescription } from "../../../../src/port/approval.ts";
import { OTHER, OWNER } from "../managed/rig.ts";
import { testCustodian } from "./custodians.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { asked, enrolment, openRig, type Rig, signatureOf, suspendedKey, taken } from "./rig.ts";

const ADA = testCustodian("ada");
const BEN = testCustodian("ben", "ecdsa");
const CLEO = testCustodian("cleo");
const COURIER = "p-courier";

async function begun(
  options: Parameters<typeof openRig>[0] = {},
): Promise<Rig & { key: string; restore: IntentDescription }> {
  const rig = await openRig(options);
  taken(
    await rig.approvals.bootstrap(
      [ADA, BEN].map((who) => enrolment(who)),
      "p-admin",
    ),
  );
  const key = await suspendedKey(rig.keys);
  const command = { op: "key.restore", key, version: 1 } as const;
  const restore = taken(await rig.approvals.create(asked(command), OWNER));
  return { ...rig, key, restore };
}

async function approveBoth(approvals: Approvals, intent: IntentDescription): Promise<void> {
  for (const who of [ADA, BEN])
    taken(await approvals.approve(intent.id, signatureOf(who, intent), COURIER));
}

const stateOf = async ({ keys }: Rig, key: string) =>
  taken(await keys.room.reader.get(key, OWNER)).state;

describe("processing with a compromised version", () => {
  const MILK = Buffer.from("milk");
  const HOUR = 3_600_000;

  test("is let by two people, for a while, for that version, and is in the log", async () => {
    await using rig = await begun();
    const { approvals, keys } = rig;
    const { operations, service, reader } = keys.room;
    const key = taken(await service.create({ type: "aes-256" }, {}, OWNER)).record.id;
    const old = taken(await operations.encrypt(key, OWNER, MILK, {})).ciphertext;
    taken(await service.rotate(key, {}, OWNER));
    const young = taken(await operations.encrypt(key, OWNER, MILK, {})).ciphertext;
    const compromise = { transition: "compromise", reason: "seen", approval: null } as const;
    for (const version of [1, 2])
      taken(await service.transit(key, { ...compromise, version, occurredMilliseconds: 5 }, OWNER));
    taken(await service.rotate(key, {}, OWNER));
    const command = { op: "key.process", key, version: 1, hours: 2 } as const;
    const none = { ...command, version: 3 };
    expect(await approvals.create(asked(none), OWNER)).toMatchObject({
      code: "conflict",
      detail:
        "The version is active, which does not allow process. Allowed: suspend, deactivate, compromise.",
    });
    const intent = taken(await approvals.create(asked(command), OWNER));
    const refused = { code: "approval_required" };
    expect(await operations.decrypt(key, OWNER, old, {})).toMatchObject(refused);
    expect(await approvals.execute(intent.id, OWNER)).toMatchObject(refused);
    await approveBoth(approvals, intent);
    expect(taken(await approvals.execute(intent.id, OWNER)).state).toBe("executed");

    expect(taken(await operations.decrypt(key, OWNER, old, {})).plaintext).toEqual(MILK);
    expect(taken(await operations.rewrap(key, OWNER, old, {})).version).toBe(3);
    expect(await operations.decrypt(key, OWNER, young, {})).toMatchObject(refused);
    const until = keys.clock.wallMilliseconds() + 2 * HOUR;
    const { versions } = taken(await reader.get(key, OWNER));
    expect(versions[0]).toMatchObject({
      state: "compromised",
      reason: "seen",
      compromisedMilliseconds: 5,
      processUntilMilliseconds: until,
    });
    const stored = await keys.store.read("keyVersion.ofKey", [key]);
    expect(stored.map((row) => row["process_until_ms"])).toEqual([until, null, null]);
    expect((await rig.leaves()).at(-1)).toMatchObject({
      kind: "key",
      op: "process",
      from: "compromised",
      to: "compromised",
      until,
      intent: intent.digest,
    });
    expect(await keys.replayed()).toEqual(await keys.stored());

    await keys.clock.run(2 * HOUR - 1);
    taken(await operations.decrypt(key, OWNER, old, {}));
    await keys.clock.run(1);
    expect(await operations.decrypt(key, OWNER, old, {})).toMatchObject(refused);
    expect(await approvals.execute(intent.id, OWNER)).toMatchObject({ code: "conflict" });
  });

  test("lets it never protect, and nobody has it without an intent", async () => {
    await using rig = await begun();
    const { approvals, keys } = rig;
    const { operations, service } = keys.room;
    const key = taken(await service.create({ type: "hmac-256" }, {}, OWNER)).record.id;
    const { mac } = taken(await operations.mac(key, OWNER, MILK));
    const order = { version: 1, reason: null, occurredMilliseconds: null, approval: null };
    taken(await service.transit(key, { ...order, transition: "compromise" }, OWNER));
    const alone = await service.transit(key, { ...order, transition: "process" }, OWNER);
    expect(alone).toMatchObject({ code: "approval_required" });
    const command = { op: "key.process", key, version: 1, hours: 1 } as const;
    const intent = taken(await approvals.create(asked(command), OWNER));
    await approveBoth(approvals, intent);
    taken(await approvals.execute(intent.id, OWNER));
    expect(await operations.mac(key, OWNER, MILK)).toMatchObject({ code: "conflict" });
    expect(taken(await operations.verifyMac(key, OWNER, MILK, mac, null)).valid).toBe(true);
  });
});

describe("a key's restoration", () => {
  test("is done once two people have signed it, and once only", async () => {
    await using rig = await begun();
    const { approvals, restore, key } = rig;
    expect(restore.state).toBe("pending");
    expect(await approvals.execute(restore.id, OWNER)).toMatchObject({ code: "approval_required" });
    await approveBoth(approvals, restore);
    expect(await stateOf(rig, key)).toBe("suspended");
    expect(taken(await approvals.execute(restore.id, OWNER)).state).toBe("executed");
    expect(await stateOf(rig, key)).toBe("active");
    expect(await approvals.execute(restore.id, OWNER)).toMatchObject({ code: "conflict" });

    const leaves = await rig.leaves();
    expect(leaves.map((leaf) => `${leaf.kind} ${"op" in leaf ? leaf.op : ""}`)).toEqual([
      "custodian bootstrap",
      "intent create",
      "intent approve",
      "intent approve",
      "key restore",
    ]);
    expect(leaves.at(-1)).toMatchObject({ intent: restore.digest });
    expect(await rig.keys.replayed()).toEqual(await rig.keys.stored());
  });

  test("is refused without an intent, and is none of a stranger's business", async () => {
    await using rig = await begun();
    const order = { transition: "restore", version: 1, reason: null } as const;
    const bare = { ...order, occurredMilliseconds: null, approval: null };
    expect(await rig.keys.room.service.transit(rig.key, bare, OWNER)).toMatchObject({
      code: "approval_required",
    });
    await approveBoth(rig.approvals, rig.restore);
    expect(await rig.approvals.execute(rig.restore.id, OTHER)).toMatchObject({ code: "not_found" });
    expect(await rig.approvals.get(rig.restore.id, OTHER.id)).toMatchObject({ code: "not_found" });
    const command = { op: "key.restore", key: rig.key, version: 1 } as const;
    expect(await rig.approvals.create(asked(command), OTHER)).toMatchObject({ code: "not_found" });
  });

  test("is refused when the key was changed since", async () => {
    await using rig = await begun();
    await approveBoth(rig.approvals, rig.restore);
    taken(await rig.keys.room.service.repolicy(rig.key, { principals: ["p-new"] }, OWNER));
    expect(await rig.approvals.execute(rig.restore.id, OWNER)).toMatchObject({
      code: "revision_changed",
    });
    expect(await stateOf(rig, rig.key)).toBe("suspended");
  });

  test("is refused when the key has another state by now", async () => {
    await using rig = await begun();
    await approveBoth(rig.approvals, rig.restore);
    const compromise = { transition: "compromise", version: 1, reason: "lost" } as const;
    const order = { ...compromise, occurredMilliseconds: null, approval: null };
    taken(await rig.keys.room.service.transit(rig.key, order, OWNER));
    expect(await rig.approvals.execute(rig.restore.id, OWNER)).toMatchObject({
      code: "conflict",
      detail: expect.stringContaining("compromised"),
    });
  });

  test("is not asked for where it could not be done", async () => {
    await using rig = await begun();
    const { record } = taken(await rig.keys.room.service.create({ type: "aes-256" }, {}, OWNER));
    const command = { op: "key.restore", key: record.id, version: 1 } as const;
    expect(await rig.approvals.create(asked(command), OWNER)).toMatchObject({ code: "conflict" });
    const stale = { ...asked({ ...command, key: rig.key }), ifRevision: 1 };
    expect(await rig.approvals.create(stale, OWNER)).toMatchObject({ code: "revision_changed" });
  });

  test("stays undone, and the intent good, when the disk does not take it", async () => {
    await using rig = await begun();
    await approveBoth(rig.approvals, rig.restore);
    rig.keys.spoil = async () => {
      throw new Error("disk full");
    };
    await expect(rig.approvals.execute(rig.restore.id, OWNER)).rejects.toThrow("disk full");
    rig.keys.spoil = null;
    expect(await stateOf(rig, rig.key)).toBe("suspended");
    expect(taken(await rig.approvals.execute(rig.restore.id, OWNER)).state).toBe("executed");
  });
});

describe("an intent", () => {
  test("expires for good, even when the clock jumps back or the service starts again", async () => {
    await using rig = await begun();
    const { clock } = rig.keys;
    await approveBoth(rig.approvals, rig.restore);
    clock.advance(3_600_000);
    expect(await rig.approvals.execute(rig.restore.id, OWNER)).toMatchObject({ code: "conflict" });
    clock.jumpWall(-7_200_000);
    expect(await rig.approvals.execute(rig.restore.id, OWNER)).toMatchObject({ code: "conflict" });
    const after = await rig.restarted();
    expect(taken(await after.get(rig.restore.id, null)).state).toBe("expired");
    expect((await rig.leaves()).at(-1)).toMatchObject({ kind: "intent", op: "expire" });
  });

  test("that was withdrawn is over", async () => {
    await using rig = await begun();
    await approveBoth(rig.approvals, rig.restore);
    const gone = taken(await rig.approvals.withdraw(rig.restore.id, "a mistake", "p-cleo"));
    expect(gone.state).toBe("withdrawn");
    expect(await rig.approvals.execute(rig.restore.id, OWNER)).toMatchObject({ code: "conflict" });
  });

  test("survives a restart with its approvals", async () => {
    await using rig = await begun();
    taken(await rig.approvals.approve(rig.restore.id, signatureOf(ADA, rig.restore), COURIER));
    const after = await rig.restarted();
    expect(
      await after.approve(rig.restore.id, signatureOf(ADA, rig.restore), COURIER),
    ).toMatchObject({ code: "approval_refused" });
    taken(await after.approve(rig.restore.id, signatureOf(BEN, rig.restore), COURIER));
    expect(taken(await after.execute(rig.restore.id, OWNER)).state).toBe("executed");
  });

  test("goes only forward, and is believed only as it was signed, whoever writes", async () => {
    await using state = await temporaryState();
    await using rig = await begun({ directory: state.directory });
    const { store } = rig.keys;
    const move = (to: string) =>
      store.write([{ statement: "intent.move", parameters: [to, 1, rig.restore.id] }]);
    await expect(move("executed")).rejects.toMatchObject({ code: "internal" });
    const database = new DatabaseSync(join(state.directory, "springhouse.db"));
    database.exec(`UPDATE intent SET document = replace(document, '"required":2', '"required":1')`);
    database.close();
    await expect(rig.approvals.get(rig.restore.id, null)).rejects.toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("not what was signed"),
    });
  });

  test("of one principal are no more than are allowed", async () => {
    await using rig = await begun();
    const command = { op: "key.restore", key: rig.key, version: 1 } as const;
    for (let made = 1; made < 100; made++) taken(await rig.approvals.create(asked(command), OWNER));
    expect(await rig.approvals.create(asked(command), OWNER)).toMatchObject({ code: "busy" });
  });
});

describe("custodians", () => {
  const cleo = { op: "custodian.enrol", ...enrolment(CLEO) } as const;
  const ADMIN = { id: "p-admin", anyKey: true };

  test("let in another, who then counts", async () => {
    await using rig = await begun();
    const intent = taken(await rig.approvals.create(asked(cleo), ADMIN));
    await approveBoth(rig.approvals, intent);
    taken(await rig.approvals.execute(intent.id, ADMIN));
    expect((await rig.approvals.custodians()).map(({ person }) => person).sort()).toEqual([
      "ada",
      "ben",
      "cleo",
    ]);
    taken(await rig.approvals.approve(rig.restore.id, signatureOf(CLEO, rig.restore), COURIER));
    expect((await rig.leaves()).at(-2)).toMatchObject({
      kind: "custodian",
      op: "enrol",
      intent: intent.digest,
    });
  });

  test("are not enrolled twice, even by two intents that were approved at once", async () => {
    await using rig = await begun();
    const [one, other] = [
      taken(await rig.approvals.create(asked(cleo), ADMIN)),
      taken(await rig.approvals.create(asked(cleo), ADMIN)),
    ];
    await approveBoth(rig.approvals, one);
    await approveBoth(rig.approvals, other);
    taken(await rig.approvals.execute(one.id, ADMIN));
    expect(await rig.approvals.execute(other.id, ADMIN)).toMatchObject({ code: "conflict" });
  });

  test("cannot become too few to approve anything", async () => {
    await using rig = await begun();
    const ada = (await rig.approvals.custodians()).find(({ person }) => person === "ada");
    const command = { op: "custodian.remove", fingerprint: ada!.fingerprint } as const;
    expect(await rig.approvals.create(asked(command), ADMIN)).toMatchObject({ code: "conflict" });
    const enrol = taken(await rig.approvals.create(asked(cleo), ADMIN));
    await approveBoth(rig.approvals, enrol);
    taken(await rig.approvals.execute(enrol.id, ADMIN));
    const remove = taken(await rig.approvals.create(asked(command), ADMIN));
    await approveBoth(rig.approvals, remove);
    taken(await rig.approvals.execute(remove.id, ADMIN));
    expect(
      await rig.approvals.approve(rig.restore.id, signatureOf(ADA, rig.restore), COURIER),
    ).toMatchObject({ code: "approval_refused" });
    const again = { op: "custodian.enrol", ...enrolment(ADA) } as const;
    expect(await rig.approvals.create(asked(again), ADMIN)).toMatchObject({ code: "conflict" });
  });

  test("are begun with once", async () => {
    await using rig = await begun();
    expect(
      await rig.approvals.bootstrap(
        [CLEO].map((who) => enrolment(who)),
        "p",
      ),
    ).toMatchObject({
      code: "conflict",
    });
  });

  test("without any nobody can ask for anything", async () => {
    await using rig = await openRig();
    const key = await suspendedKey(rig.keys);
    const command = { op: "key.restore", key, version: 1 } as const;
    expect(await rig.approvals.create(asked(command), OWNER)).toMatchObject({
      code: "conflict",
      remedy: expect.stringContaining("bootstrap"),
    });
  });
});
