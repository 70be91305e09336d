import { compactDecrypt, importJWK, type JWK } from "jose";
import { expect, test } from "vitest";
import { exportApproved } from "../../../../src/key/distribution/approvedExport.ts";
import type { Recipient } from "../../../../src/key/distribution/recipient.ts";
import { opensCommitment } from "../../../../src/log/commitment.ts";
import { decodeLeaf, type LeafOf } from "../../../../src/log/leaf.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { testCustodian } from "../approval/custodians.ts";
import { asked, enrolment, openRig, signatureOf, taken, type Rig } from "../approval/rig.ts";
import { OTHER, OWNER } from "../managed/rig.ts";
import { curveRecipient, pairOf } from "./keys.ts";

const [ADA, BEN] = [testCustodian("ada"), testCustodian("ben")];
const PAIR = pairOf("X25519", 1);
const RECIPIENT = curveRecipient("jwe", PAIR.publicJwk);
const STRANGER = curveRecipient("jwe", pairOf("X25519", 2).publicJwk);

async function begun(): Promise<Rig> {
  const rig = await openRig();
  const people = [ADA, BEN].map((who) => enrolment(who));
  taken(await rig.approvals.bootstrap(people, "p-admin"));
  return rig;
}

async function keyOf({ keys }: Rig, exportable = true): Promise<string> {
  const made = await keys.room.service.create({ type: "aes-256", exportable }, {}, OWNER);
  return taken(made).record.id;
}

async function intentFor(rig: Rig, key: string, signed: number): Promise<string> {
  const command = { op: "key.export", key, version: 1, recipient: RECIPIENT.digest } as const;
  const intent = taken(await rig.approvals.create(asked(command), OWNER));
  for (const who of [ADA, BEN].slice(0, signed))
    taken(await rig.approvals.approve(intent.id, signatureOf(who, intent), "p-courier"));
  return intent.id;
}

const leave = (
  { approvals, keys }: Rig,
  key: string,
  intent: string,
  { recipient = RECIPIENT, asker = OWNER }: { recipient?: Recipient; asker?: typeof OWNER } = {},
) => exportApproved(approvals, keys.room.exporter, { key, recipient, intent }, asker);

async function exportLeaves({ keys }: Rig): Promise<readonly LeafOf<"export">[]> {
  const rows = await keys.store.read("logLeaf.bodies", [0, 1e9]);
  return rows.flatMap(({ body }) => {
    const { leaf } = decodeLeaf(Buffer.from(String(body)));
    return leaf?.kind === "export" ? [leaf] : [];
  });
}

async function opened(jwe: string): Promise<Record<string, string>> {
  const key = await importJWK(JSON.parse(PAIR.privateJwk) as JWK, "ECDH-ES+A256KW");
  return JSON.parse(Buffer.from((await compactDecrypt(jwe, key)).plaintext).toString());
}

test("an approved key leaves once, with its leaf, and opens the log's commitment", async () => {
  await using rig = await begun();
  const key = await keyOf(rig);
  const intent = await intentFor(rig, key, 2);
  const { sealed, ...what } = taken(await leave(rig, key, intent));
  expect(what).toEqual({ key, version: 1, recipient: RECIPIENT.digest });
  if (sealed.scheme !== "jwe") throw new Error("not what was asked for");
  const jwk = await opened(sealed.jwe);
  const [birth] = await rig.keys.leaves();
  const [salt, secret] = [jwk["commitment_salt"]!, jwk["k"]!].map((text) =>
    Buffer.from(text, "base64url"),
  );
  expect(opensCommitment(birth!.commitment!, salt!, `key ${key} 1`, secret!)).toBe(true);
  expect(await exportLeaves(rig)).toMatchObject([
    {
      of: "key",
      keys: [key],
      version: 1,
      scheme: "jwe",
      recipient: RECIPIENT.digest,
      actor: OWNER.id,
    },
  ]);
  // The secret is in no leaf, no event and no row.
  for (const text of [secret!.toString("hex"), secret!.toString("base64"), jwk["k"]!])
    expect(
      JSON.stringify([await exportLeaves(rig), await rig.keys.journal.since(0, 1000)]),
    ).not.toContain(text);
  expect(await leave(rig, key, intent)).toMatchObject({ code: "conflict" });
  expect(await exportLeaves(rig)).toHaveLength(1);
});

test("nothing leaves when its leaf is not durable, and the intent is as it was", async () => {
  await using rig = await begun();
  const key = await keyOf(rig);
  const intent = await intentFor(rig, key, 2);
  rig.keys.spoil = async (batch) => {
    if (batch.some(({ statement }) => statement === "logLeaf.insert"))
      throw new SpringhouseError("store_failed", "the disk is full");
  };
  await expect(leave(rig, key, intent)).rejects.toMatchObject({ code: "store_failed" });
  rig.keys.spoil = null;
  expect(await exportLeaves(rig)).toEqual([]);
  expect(taken(await leave(rig, key, intent)).sealed.scheme).toBe("jwe");
  expect(await exportLeaves(rig)).toHaveLength(1);
});

test("without leave, to somebody else, or by somebody else, nothing leaves", async () => {
  await using rig = await begun();
  const [key, other] = [await keyOf(rig), await keyOf(rig)];
  const [half, whole] = [await intentFor(rig, key, 1), await intentFor(rig, key, 2)];
  expect(await leave(rig, key, half)).toMatchObject({ code: "approval_required" });
  expect(await leave(rig, key, whole, { recipient: STRANGER })).toMatchObject({
    code: "approval_required",
  });
  expect(await leave(rig, other, whole)).toMatchObject({ code: "approval_required" });
  expect(await leave(rig, key, whole, { asker: OTHER })).toMatchObject({ code: "not_found" });
  expect(await exportLeaves(rig)).toEqual([]);
});

test("whoever may use a key, and does not own it, does not take it along", async () => {
  await using rig = await begun();
  const key = await keyOf(rig);
  const { service, exporter } = rig.keys.room;
  taken(await service.repolicy(key, { principals: [OTHER.id] }, OWNER));
  const intent = { digest: "0".repeat(64), revision: 2, writes: [] };
  const order = { key, version: 1, recipient: RECIPIENT, intent };
  expect(await exporter.export(order, OTHER)).toMatchObject({ code: "not_found" });
});

test("a key that was made as one that stays, stays: nothing changes that", async () => {
  await using rig = await begun();
  const key = await keyOf(rig, false);
  const command = { op: "key.export", key, version: 1, recipient: RECIPIENT.digest } as const;
  expect(await rig.approvals.create(asked(command), OWNER)).toMatchObject({ code: "conflict" });
  const intent = { digest: "0".repeat(64), revision: 1, writes: [] };
  const order = { key, version: 1, recipient: RECIPIENT, intent };
  expect(await rig.keys.room.exporter.export(order, OWNER)).toMatchObject({
    code: "key_use_refused",
  });
  // No statement of the catalogue writes it but the insert.
  const { WRITES } = await import("../../../../src/store/statements.ts");
  const writers = Object.entries(WRITES).filter(([, sql]) => /\bexportable\b/.test(sql));
  expect(writers.map(([name]) => name)).toEqual(["managedKey.insert"]);
});

test("a key that was suspended, or changed, after its approval does not leave", async () => {
  await using rig = await begun();
  const [changed, suspended] = [await keyOf(rig), await keyOf(rig)];
  const intents = [await intentFor(rig, changed, 2), await intentFor(rig, suspended, 2)];
  const { service } = rig.keys.room;
  taken(await service.repolicy(changed, { principals: [OTHER.id] }, OWNER));
  const order = { version: 1, reason: null, occurredMilliseconds: null, approval: null } as const;
  taken(await service.transit(suspended, { ...order, transition: "suspend" }, OWNER));
  expect(await leave(rig, changed, intents[0]!)).toMatchObject({ code: "revision_changed" });
  expect(await leave(rig, suspended, intents[1]!)).toMatchObject({ code: "conflict" });
  rig.keys.vault.seal("closed");
  expect(await exportLeaves(rig)).toEqual([]);
});
