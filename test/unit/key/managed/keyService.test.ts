import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { commitmentTo } from "../../../../src/log/commitment.ts";
import { SpringhouseError, refuse } from "../../../../src/port/errors.ts";
import { readMaterial } from "../../../../src/key/seal/rows.ts";
import { predictable } from "../supply.ts";
import { ADMIN, OTHER, OWNER, given, openRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

const AES = { type: "aes-256" };
const plain = (transition: "suspend" | "restore" | "deactivate" | "compromise" | "destroy") => ({
  transition,
  version: null,
  reason: null,
  occurredMilliseconds: null,
  approval: null,
});

async function made(rig: Rig, order: object = {}): Promise<string> {
  return given(await rig.room.service.create({ ...AES, ...order }, {}, OWNER)).record.id;
}

test("nothing of a key stays in the clear over a change of it", async () => {
  await using rig = await openRig();
  const id = await made(rig);
  const forgotten: string[] = [];
  const { forget } = rig.port;
  rig.port.forget = (key) => {
    forgotten.push(key);
    forget(key);
  };
  given(await rig.room.service.transit(id, plain("suspend"), OWNER));
  expect(forgotten).toEqual([id]);
});

describe("the output that a key is made of", () => {
  const outputs = async (rig: Rig): Promise<string[]> => {
    const rows = await rig.store.read("output.page", [rig.supply.seed, 0, 1000]);
    return rows.map(({ counter }) => `${rig.supply.seed}.${Number(counter)}`);
  };

  test("is recorded in the transaction that keeps the key, or not at all", async () => {
    await using rig = await openRig();
    const batches: string[][] = [];
    rig.spoil = async (batch) => void batches.push(batch.map(({ statement }) => statement));
    const id = await made(rig);
    given(await rig.room.service.rotate(id, {}, OWNER));
    const whole = batches.filter((batch) => batch.includes("keyVersion.put"));
    expect(whole).toHaveLength(2);
    for (const batch of whole)
      for (const statement of ["output.insert", "keyMaterial.insert", "logLeaf.insert"])
        expect(batch).toContain(statement);
    const kept = await outputs(rig);
    expect(kept).toHaveLength(2);
    rig.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "keyVersion.put"))
        throw new SpringhouseError("store_failed", "full");
    };
    await expect(made(rig)).rejects.toThrow("full");
    await expect(rig.room.service.rotate(id, {}, OWNER)).rejects.toThrow("full");
    expect(await outputs(rig)).toEqual(kept);
  });

  test("makes none once it was overtaken", async () => {
    await using rig = await openRig();
    const id = await made(rig);
    const before = await rig.leaves();
    rig.supply.overtaken = refuse("pool_exhausted", "reseeded");
    const code = "pool_exhausted";
    expect(await rig.room.service.create(AES, {}, OWNER)).toMatchObject({ code });
    expect(await rig.room.service.rotate(id, {}, OWNER)).toMatchObject({ code });
    expect(await outputs(rig)).toHaveLength(1);
    expect(await rig.leaves()).toEqual(before);
  });
});

describe("a key's birth", () => {
  test("record, sealed material, leaf and birth certificate, all at once", async () => {
    await using rig = await openRig();
    const { record, leaf } = given(
      await rig.room.service.create({ ...AES, name: "milk", principals: ["p-2"] }, {}, OWNER),
    );
    expect(record).toMatchObject({
      type: "aes-256",
      purpose: "encryption",
      usages: ["encrypt", "decrypt"],
      algorithms: ["AES-256-GCM"],
      owner: "p-owner",
      exportable: false,
      revision: 1,
      primary: 1,
    });
    expect(leaf).toMatch(/^lf-/);
    const [kept] = await rig.leaves();
    const output = record.versions[0]!.output!;
    expect(kept).toMatchObject({
      op: "create",
      actor: "p-owner",
      key: record.id,
      version: 1,
      from: null,
      to: "active",
      revision: 1,
      type: "aes-256",
      birth: {
        output,
        seed: rig.supply.seed,
        shape: "RBG2(P)",
        creditedBits: 256,
        sources: [{ source: "trng", bits: 256, windows: 2, alarmed: 0 }],
        configuration: "0123456789abcdef",
      },
    });
    // Names are people's; a log can never forget.
    expect(JSON.stringify(kept)).not.toContain("milk");
    expect(await readMaterial(rig.store, record.id, 1)).toBeDefined();
    expect(await rig.stored()).toEqual(await rig.replayed());
  });

  test("the commitment in the leaf opens with the sealed salt and the secret, and nothing else", async () => {
    await using rig = await openRig();
    const id = await made(rig);
    const [leaf] = await rig.leaves();
    const [secret, salt] = rig.supply.given;
    expect(leaf!.commitment).toBe(commitmentTo(salt!, `key ${id} 1`, secret!));
    expect(leaf!.commitment).not.toBe(commitmentTo(salt!, `key ${id} 2`, secret!));
  });

  test("of a pair the public key is shown, and its digest is in the leaf", async () => {
    await using rig = await openRig();
    const { record } = given(await rig.room.service.create({ type: "ed25519" }, {}, OWNER));
    const shown = given(await rig.room.reader.get(record.id, OWNER)).versions[0]!;
    expect(shown.publicKeyPem).toContain("BEGIN PUBLIC KEY");
    const digest = createHash("sha256").update(Buffer.from(shown.publicKey!, "base64"));
    expect((await rig.leaves())[0]!.publicKey).toBe(digest.digest("hex"));
  });

  test("an imported key says so, has no birth certificate, and works", async () => {
    await using rig = await openRig();
    const raw = new Uint8Array(32).fill(3);
    const { record } = given(await rig.room.service.import({ type: "hmac-256" }, raw, OWNER));
    expect(record.versions[0]).toMatchObject({ origin: "imported", output: null });
    const [leaf] = await rig.leaves();
    expect(leaf).toMatchObject({ op: "import", key: record.id });
    expect(leaf).not.toHaveProperty("birth");
    const { mac } = given(await rig.room.operations.mac(record.id, OWNER, Buffer.from("x")));
    expect(mac).toEqual(
      (await import("node:crypto")).createHmac("sha256", raw).update("x").digest(),
    );
  });

  test.each([
    ["aes-256", new Uint8Array(31)],
    ["p-256", new Uint8Array(32)],
    ["p-256", new Uint8Array(32).fill(0xff)],
    ["ml-kem-768", new Uint8Array(32)],
  ])("what is no %s key is not imported", async (type, raw) => {
    await using rig = await openRig();
    expect(await rig.room.service.import({ type }, raw, OWNER)).toMatchObject({
      code: "invalid_parameter",
    });
    expect(await rig.leaves()).toEqual([]);
  });

  test.each([
    [{ type: "rsa-2048" }, "type is none of"],
    [{ type: "aes-256", purpose: "signature" }, "purpose of aes-256"],
    [{ type: "aes-256", usages: ["sign"] }, "usages are of encrypt, decrypt"],
    [{ type: "aes-256", usages: [] }, "at least one"],
    [{ type: "aes-256", purpose: "wrapping", algorithms: ["AES-256-GCM"] }, "algorithms are of"],
    [
      { type: "aes-256", policy: { notBeforeMilliseconds: 2, notAfterMilliseconds: 1 } },
      "notBefore is not before notAfter",
    ],
  ])("%j is refused before anything is drawn", async (order, detail) => {
    await using rig = await openRig();
    expect(await rig.room.service.create(order, {}, OWNER)).toMatchObject({
      code: "invalid_parameter",
      detail: expect.stringContaining(detail),
    });
    expect(rig.supply.given).toEqual([]);
  });

  test("sealed, or without randomness: nothing is made", async () => {
    await using rig = await openRig();
    rig.vault.seal("at lunch");
    expect(await rig.room.service.create(AES, {}, OWNER)).toMatchObject({
      code: "sealed",
      detail: "at lunch",
    });
    expect(rig.supply.given).toEqual([]);
    rig.supply.refusal = refuse("pool_exhausted", "dry");
    expect(await rig.room.service.create(AES, {}, OWNER)).toMatchObject({ ok: false });
    expect(await rig.leaves()).toEqual([]);
  });

  test("a full disk: nothing half done, and the next works", async () => {
    await using rig = await openRig();
    rig.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "managedKey.insert"))
        throw new SpringhouseError("store_failed", "full");
    };
    await expect(rig.room.service.create(AES, {}, OWNER)).rejects.toThrow("full");
    rig.spoil = null;
    expect((await rig.stored()).size).toBe(0);
    expect(await rig.leaves()).toEqual([]);
    await made(rig);
    expect(await rig.stored()).toEqual(await rig.replayed());
  });
});

describe("changes", () => {
  test("each is one leaf and one event, and the log replayed is the database", async () => {
    await using rig = await openRig();
    const { service } = rig.room;
    const id = await made(rig);
    given(await service.rotate(id, {}, OWNER));
    given(await service.transit(id, plain("suspend"), OWNER));
    given(await service.transit(id, { ...plain("deactivate"), version: 1 }, OWNER));
    given(await service.repolicy(id, { policy: { maximumOperations: 5 } }, OWNER));
    given(
      await service.transit(
        id,
        { ...plain("compromise"), reason: "seen on a bus", occurredMilliseconds: 77 },
        OWNER,
      ),
    );
    const leaves = await rig.leaves();
    expect(leaves.map(({ op, version, revision }) => [op, version, revision])).toEqual([
      ["create", 1, 1],
      ["rotate", 2, 2],
      ["suspend", 2, 3],
      ["deactivate", 1, 4],
      ["policy", null, 5],
      ["compromise", 2, 6],
    ]);
    expect(leaves.at(-1)).toMatchObject({ reason: "seen on a bus", occurred: 77 });
    expect((await rig.kinds()).filter((kind) => kind === "key_changed")).toHaveLength(5);
    expect(await rig.stored()).toEqual(await rig.replayed());
    expect((await rig.stored()).get(id)).toEqual({
      revision: 6,
      primary: 2,
      states: ["deactivated", "compromised"],
    });
  });

  test("two writers: one wins, the other is told the revision", async () => {
    await using rig = await openRig();
    const { service } = rig.room;
    const id = await made(rig);
    const [one, other] = await Promise.all([
      service.rotate(id, { ifRevision: 1 }, OWNER),
      service.transit(id, plain("suspend"), OWNER, 1),
    ]);
    expect(one).toHaveProperty("record");
    expect(other).toMatchObject({
      code: "revision_changed",
      detail: "The key has revision 2, and 1 was expected.",
    });
  });

  test("a writer that the service did not see: the database lets one win", async () => {
    await using rig = await openRig();
    const id = await made(rig);
    const batch = await new Promise<readonly { parameters: readonly unknown[] }[]>((resolve) => {
      rig.spoil = async (writes) => {
        if (!writes.some(({ statement }) => statement === "managedKey.update")) return;
        rig.spoil = null;
        // Somebody else's change with the same revision comes first.
        await rig.store.write([writes.find((one) => one.statement === "managedKey.update")!]);
        resolve(writes);
      };
      rig.room.service.transit(id, plain("suspend"), OWNER).then(
        () => expect.unreachable(),
        (error: unknown) => expect(error).toMatchObject({ code: "store_failed" }),
      );
    });
    expect(batch.length).toBeGreaterThan(1);
    // What the database says now is read again, and the next change goes on from there.
    expect(given(await rig.room.service.rotate(id, {}, OWNER)).record.revision).toBe(3);
  });

  test("what needs leave is refused, whoever asks", async () => {
    await using rig = await openRig();
    const { service } = rig.room;
    const id = await made(rig);
    given(await service.transit(id, plain("suspend"), OWNER));
    for (const asker of [OWNER, ADMIN])
      expect(await service.transit(id, plain("restore"), asker)).toMatchObject({
        code: "approval_required",
      });
    given(await service.transit(id, plain("deactivate"), OWNER));
    expect(await service.transit(id, plain("destroy"), ADMIN)).toMatchObject({
      code: "approval_required",
    });
    expect(await service.transit(id, plain("suspend"), OWNER)).toMatchObject({
      code: "conflict",
      detail:
        "The version is deactivated, which does not allow suspend. Allowed: compromise, destroy.",
    });
  });

  test("strangers learn nothing", async () => {
    await using rig = await openRig();
    const id = await made(rig, { principals: ["p-friend"] });
    const { service, operations, reader } = rig.room;
    const friend = { id: "p-friend", anyKey: false };
    for (const nobody of [
      await service.rotate(id, {}, OTHER),
      await service.transit(id, plain("suspend"), OTHER),
      await service.repolicy(id, { principals: ["p-other"] }, OTHER),
      await operations.encrypt(id, OTHER, new Uint8Array(1), {}),
      await reader.get(id, OTHER),
      await reader.get("k-nothing-1", ADMIN),
    ])
      expect(nobody).toMatchObject({ code: "not_found", detail: "No such key." });
    expect(await reader.get(id, friend)).toHaveProperty("versions");
    const all = { after: "", limit: 10, state: null };
    expect((await reader.list(OTHER, all)).keys).toEqual([]);
    expect((await reader.list(friend, all)).keys).toHaveLength(1);
    expect((await reader.list(ADMIN, all)).keys).toHaveLength(1);
    given(await service.repolicy(id, { principals: [] }, OWNER));
    expect((await reader.list(friend, all)).keys).toEqual([]);
    expect((await reader.list(OWNER, all)).keys).toHaveLength(1);
  });

  test("an unknown end of a change is looked up, not guessed", async () => {
    await using rig = await openRig();
    const { service, operations } = rig.room;
    const id = await made(rig);
    rig.spoil = async (batch) => {
      if (!batch.some(({ statement }) => statement === "managedKey.update")) return;
      rig.spoil = null;
      // Durable, and the answer is lost.
      await rig.store.write(batch);
      throw new SpringhouseError("store_failed", "fsync");
    };
    await expect(service.transit(id, plain("suspend"), OWNER)).rejects.toThrow("fsync");
    expect(await operations.encrypt(id, OWNER, new Uint8Array(1), {})).toMatchObject({
      code: "conflict",
      detail: expect.stringContaining("is suspended"),
    });
  });
});

test("pages by id, of one state where asked", async () => {
  await using rig = await openRig({ keysHeld: 3 });
  const ids: string[] = [];
  for (let n = 0; n < 7; n++) ids.push(await made(rig));
  given(await rig.room.service.transit(ids[2]!, plain("suspend"), OWNER));
  const first = await rig.room.reader.list(ADMIN, { after: "", limit: 4, state: null });
  const rest = await rig.room.reader.list(ADMIN, { after: first.next!, limit: 4, state: null });
  expect([...first.keys, ...rest.keys].map(({ id }) => id)).toEqual(ids.toSorted());
  expect(rest.next).toBeNull();
  for (const asker of [ADMIN, OWNER]) {
    const query = { after: "", limit: 10, state: "suspended" } as const;
    expect((await rig.room.reader.list(asker, query)).keys.map(({ id }) => id)).toEqual([ids[2]]);
  }
});

test("no secret is in the database", async () => {
  await using rig = await openRig();
  const id = await made(rig);
  given(await rig.room.operations.encrypt(id, OWNER, Buffer.from("milk"), {}));
  const secret = Buffer.from(rig.supply.given[0]!);
  expect(new Uint8Array(secret)).toEqual(predictable(numberOf(rig), 32));
  const rows = [
    ...(await rig.store.read("managedKey.page", ["", 10])),
    ...(await rig.store.read("keyVersion.ofKey", [id])),
    ...(await rig.store.read("keyMaterial.one", [id, 1])),
    ...(await rig.store.read("logLeaf.bodies", [0, 10])),
  ];
  for (const value of rows.flatMap((row) => Object.values(row))) {
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value));
    for (const form of [secret, secret.toString("hex"), secret.toString("base64").slice(0, 40)])
      expect(bytes.includes(form)).toBe(false);
  }
});

function numberOf(rig: Rig): number {
  // The first draw of a rig is one above ten thousand times its number.
  return Number.parseInt(rig.supply.seed.split("-")[1]!, 16) * 10_000 + 1;
}
