import { createPublicKey, encapsulate, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readCiphertext } from "../../../../src/key/operation/ciphertext.ts";
import { agree, deriveFrom } from "../../../../src/key/operation/agreement.ts";
import { platformPublicKey } from "../../../../src/key/derive/platformPublicKey.ts";
import { publicKeyObject } from "../../../../src/key/operation/publicKey.ts";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { ADMIN, OTHER, OWNER, given, openRig } from "./rig.ts";
import type { Rig } from "./rig.ts";

const MILK = Buffer.from("milk");

async function made(rig: Rig, order: object): Promise<string> {
  const whole = { type: "aes-256", ...order };
  return given(await rig.room.service.create(whole, {}, OWNER)).record.id;
}

const moved = (rig: Rig, id: string, transition: "suspend" | "deactivate" | "compromise") =>
  rig.room.service.transit(
    id,
    { transition, version: 1, reason: null, occurredMilliseconds: null, approval: null },
    OWNER,
  );

/** The nonce of an encryption: all that must never come twice. */
async function nonceOf(rig: Rig, id: string): Promise<string> {
  const { ciphertext } = given(await rig.room.operations.encrypt(id, OWNER, MILK, {}));
  return Buffer.from(readCiphertext(ciphertext)!.nonce).toString("hex");
}

describe("encryption", () => {
  test("there and back, also with the version before, and anew with the primary", async () => {
    await using rig = await openRig();
    const { operations, service } = rig.room;
    const id = await made(rig, {});
    const context = { tenant: "7" };
    const old = given(await operations.encrypt(id, OWNER, MILK, context));
    expect(old).toMatchObject({ version: 1, algorithm: "AES-256-GCM" });
    given(await service.rotate(id, {}, OWNER));
    expect(given(await operations.decrypt(id, OWNER, old.ciphertext, context))).toMatchObject({
      version: 1,
      plaintext: MILK,
    });
    const anew = given(await operations.rewrap(id, OWNER, old.ciphertext, context));
    expect(anew.version).toBe(2);
    expect(given(await operations.decrypt(id, OWNER, anew.ciphertext, context))).toMatchObject({
      version: 2,
      plaintext: MILK,
    });
    expect(await operations.decrypt(id, OWNER, anew.ciphertext, {})).toMatchObject({
      code: "not_authentic",
    });
  });

  test("is done in the turn in which it is asked for, once the key is at hand", async () => {
    await using rig = await openRig();
    const { operations } = rig.room;
    const id = await made(rig, {});
    // A first range of numbers has to be reserved durably.
    expect(operations.encrypt(id, OWNER, MILK, {})).toBeInstanceOf(Promise);
    await operations.encrypt(id, OWNER, MILK, {});
    const sealed = operations.encrypt(id, OWNER, MILK, {});
    expect(sealed).toHaveProperty("ciphertext");
    const { ciphertext } = given(await sealed);
    expect(operations.decrypt(id, OWNER, ciphertext, {})).toHaveProperty("plaintext");
  });

  test("another key's ciphertext, or none at all, is not authentic", async () => {
    await using rig = await openRig();
    const [one, other] = [await made(rig, {}), await made(rig, {})];
    const { ciphertext } = given(await rig.room.operations.encrypt(one, OWNER, MILK, {}));
    for (const bytes of [ciphertext, MILK, new Uint8Array(0)])
      expect(await rig.room.operations.decrypt(other, OWNER, bytes, {})).toMatchObject({
        code: "not_authentic",
      });
  });

  test("a data key, plain and encrypted, that has its own record", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    const key = given(await rig.room.operations.dataKey(id, OWNER, 32, { use: "disk" }));
    const opened = await rig.room.operations.decrypt(id, OWNER, key.ciphertext, { use: "disk" });
    expect(Buffer.from(given(opened).plaintext).equals(key.plaintext)).toBe(true);
    const counter = Number(key.output.split(".")[1]);
    expect(await rig.store.read("output.one", [rig.supply.seed, counter])).toHaveLength(1);
  });

  test.each(["suspend", "deactivate", "compromise"] as const)(
    "after %s nothing is protected",
    async (transition) => {
      await using rig = await openRig();
      const id = await made(rig, {});
      const { ciphertext } = given(await rig.room.operations.encrypt(id, OWNER, MILK, {}));
      given(await moved(rig, id, transition));
      expect(await rig.room.operations.encrypt(id, ADMIN, MILK, {})).toMatchObject({
        code: "conflict",
      });
      const opened = await rig.room.operations.decrypt(id, OWNER, ciphertext, {});
      if (transition === "compromise") expect(opened).toMatchObject({ code: "approval_required" });
      else expect(given(opened).plaintext).toEqual(MILK);
    },
  );

  test("a sealed vault uses nothing", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    rig.vault.seal("at lunch");
    expect(await rig.room.operations.encrypt(id, OWNER, MILK, {})).toMatchObject({
      code: "sealed",
    });
  });

  test("material that was moved to another key's row does not open", async () => {
    await using rig = await openRig({ keysHeld: 1 });
    const [one, other] = [await made(rig, {}), await made(rig, {})];
    const [row] = await rig.store.read("keyMaterial.one", [one, 1]);
    await rig.store.write([
      { statement: "keyMaterial.remove", parameters: [other, 1] },
      {
        statement: "keyMaterial.insert",
        parameters: [
          other,
          1,
          row!["epoch"]!,
          row!["wrapped_key"]!,
          row!["nonce"]!,
          row!["ciphertext"]!,
        ],
      },
    ]);
    // Out of memory, so that the row is read again.
    given(await rig.room.reader.get(one, OWNER));
    expect(await rig.room.operations.encrypt(other, OWNER, MILK, {})).toMatchObject({
      code: "material_damaged",
    });
  });
});

describe("who is refused draws nothing:", () => {
  const DRAWING = {
    "data-key": ["aes-256", "encrypt"],
    "ECDSA signature": ["p-256", "sign"],
    "ML-DSA signature": ["ml-dsa-65", "sign"],
    encapsulation: ["ml-kem-768", "encapsulate"],
  } as const;
  const drawing = Object.entries(DRAWING).map(([name, [type, usage]]) => ({ name, type, usage }));

  test.each(drawing)("$name", async ({ type, usage }) => {
    await using rig = await openRig();
    const { operations, service } = rig.room;
    const run = (id: string, asker = OWNER) =>
      usage === "encrypt"
        ? operations.dataKey(id, asker, 32, {})
        : usage === "sign"
          ? operations.sign(id, asker, MILK)
          : operations.encapsulate(id, asker);
    const limited = await made(rig, { type, policy: { maximumOperations: 1 } });
    given(await run(limited));
    const over = await made(rig, {
      type,
      policy: { notAfterMilliseconds: rig.clock.wallMilliseconds() + 1 },
    });
    const stopped = await made(rig, { type });
    given(await moved(rig, stopped, "suspend"));
    const key = await made(rig, { type });
    await rig.clock.run(1);
    const refused = async (id: string, code: string, asker = OWNER): Promise<void> => {
      const before = rig.supply.given.length;
      expect(await run(id, asker)).toMatchObject({ code });
      expect(rig.supply.given.length, code).toBe(before);
    };
    await refused(key, "not_found", OTHER);
    await refused("k-0000000000000000-1", "not_found");
    await refused(limited, "key_limit_reached");
    await refused(over, "conflict");
    await refused(stopped, "conflict");
    rig.vault.seal("for the night");
    if (usage !== "encapsulate") await refused(key, "sealed");
    // And the key's birth, and its next version.
    const before = rig.supply.given.length;
    const raw = new Uint8Array(32);
    expect(await service.create({ type }, {}, OWNER)).toMatchObject({ code: "sealed" });
    expect(await service.import({ type: "aes-256" }, raw, OWNER)).toMatchObject({ code: "sealed" });
    rig.openVault();
    expect(await service.rotate(over, {}, OWNER)).toMatchObject({ code: "conflict" });
    expect(await service.rotate(key, {}, OTHER)).toMatchObject({ code: "not_found" });
    expect(rig.supply.given.length).toBe(before);
  });

  test("Ed25519 takes none at all", async () => {
    await using rig = await openRig();
    const id = await made(rig, { type: "ed25519" });
    given(await rig.room.operations.sign(id, OWNER, MILK));
    const before = rig.supply.given.length;
    given(await rig.room.operations.sign(id, OWNER, MILK));
    expect(rig.supply.given.length).toBe(before);
  });
});

describe("what is counted", () => {
  test("50 clients at once never pass a limit, in operations or in bytes", async () => {
    await using rig = await openRig();
    const operations = await made(rig, { policy: { maximumOperations: 120 } });
    const bytes = await made(rig, { policy: { maximumBytes: 4 * 70 } });
    const ask = async (id: string) => {
      let done = 0;
      for (let n = 0; n < 4; n++) {
        const result = await rig.room.operations.encrypt(id, OWNER, MILK, {});
        if ("ciphertext" in result) done++;
        else expect(result.code).toBe("key_limit_reached");
      }
      return done;
    };
    const sum = async (id: string) => {
      const clients = Array.from({ length: 50 }, () => ask(id));
      return (await Promise.all(clients)).reduce((a, b) => a + b, 0);
    };
    expect(await sum(operations)).toBe(120);
    expect(await sum(bytes)).toBe(70);
    expect(given(await rig.room.reader.get(operations, OWNER)).versions[0]).toMatchObject({
      operations: 120,
    });
  });

  test("no nonce comes twice, over clean stops, crashes and ranges", async () => {
    await using state = await temporaryState();
    const nonces = new Set<string>();
    let id: string | null = null;
    for (let start = 0; start < 4; start++) {
      const rig = await openRig({ directory: state.directory });
      id ??= await made(rig, {});
      const own = id;
      const many = Array.from({ length: 100 }, () => nonceOf(rig, own));
      for (const nonce of await Promise.all(many)) nonces.add(nonce);
      const before = await rig.store.read("keyUse.ofKey", [id]);
      // A crash: nothing is given back.
      if (start % 2 === 0)
        rig.spoil = async (batch) => {
          if (batch.some(({ statement }) => statement === "keyUse.put"))
            throw new SpringhouseError("store_failed", "dead");
        };
      if (start % 2 === 0) await rig.room.stop().catch(() => {});
      rig.room.stop = async () => {};
      await rig[Symbol.asyncDispose]();
      expect(before[0]!["operations"]).toBeGreaterThanOrEqual(100 * (start + 1));
    }
    expect(nonces.size).toBe(400);
  });

  test("a restored copy of the database gives other nonces for the same counters", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    const first = await nonceOf(rig, id);
    await using again = await openRig();
    const other = await made(again, {});
    const second = await nonceOf(again, other);
    expect(first.slice(14)).toBe(second.slice(14));
    expect(first.slice(0, 14)).not.toBe(second.slice(0, 14));
  });

  test("a clean stop gives back what was not used", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    await nonceOf(rig, id);
    expect((await rig.store.read("keyUse.ofKey", [id]))[0]!["operations"]).toBe(16);
    await rig.room.stop();
    expect((await rig.store.read("keyUse.ofKey", [id]))[0]).toMatchObject({
      operations: 1,
      bytes: 4,
    });
  });

  test("what cannot be reserved is not done", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    rig.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "keyUse.put"))
        throw new SpringhouseError("store_failed", "full");
    };
    await expect(rig.room.operations.encrypt(id, OWNER, MILK, {})).rejects.toThrow("full");
    rig.spoil = null;
    expect(await nonceOf(rig, id)).toMatch(/0000000000$/);
  });

  test("a suspension that comes while a range is reserved comes first", async () => {
    await using rig = await openRig();
    const id = await made(rig, {});
    let suspended: Promise<unknown> | null = null;
    rig.spoil = async (batch) => {
      if (suspended || !batch.some(({ statement }) => statement === "keyUse.put")) return;
      suspended = moved(rig, id, "suspend");
      await suspended;
    };
    expect(await rig.room.operations.encrypt(id, OWNER, MILK, {})).toMatchObject({
      code: "conflict",
      detail: expect.stringContaining("is suspended"),
    });
  });
});

describe("the other operations", () => {
  test.each(["ed25519", "p-256", "ml-dsa-65"])("%s signs, and OpenSSL verifies", async (type) => {
    await using rig = await openRig();
    const { operations, reader } = rig.room;
    const id = await made(rig, { type });
    const { signature, version } = given(await operations.sign(id, OWNER, MILK));
    const { publicKeyPem } = given(await reader.get(id, OWNER)).versions[0]!;
    const hash = type === "p-256" ? "sha256" : null;
    expect(verify(hash, MILK, createPublicKey(publicKeyPem!), signature)).toBe(true);
    const checked = await operations.verify(id, OWNER, MILK, signature, version);
    expect(given(checked)).toMatchObject({ valid: true });
    const other = await operations.verify(id, OWNER, Buffer.from("oil"), signature, null);
    expect(given(other)).toMatchObject({ valid: false });
  });

  test("a MAC, and whether it is one", async () => {
    await using rig = await openRig();
    const { operations } = rig.room;
    const id = await made(rig, { type: "hmac-512" });
    const { mac } = given(await operations.mac(id, OWNER, MILK));
    expect(mac).toHaveLength(64);
    expect(given(await operations.verifyMac(id, OWNER, MILK, mac, null)).valid).toBe(true);
    expect(given(await operations.verifyMac(id, OWNER, MILK, mac.subarray(1), 1)).valid).toBe(
      false,
    );
  });

  test.each([
    ["x25519", "agreement", "X25519"],
    ["p-256", "agreement", "P-256"],
  ] as const)("%s agrees with a peer", async (type, purpose, curve) => {
    await using rig = await openRig();
    const { operations, reader } = rig.room;
    const id = await made(rig, { type, purpose });
    const secret = new Uint8Array(32).fill(5);
    const peer = platformPublicKey(curve, secret);
    const [salt, info] = [Buffer.from("salt"), Buffer.from("info")];
    const { key } = given(await operations.derive(id, OWNER, { peer, salt, info, bytes: 42 }));
    const { publicKey } = given(await reader.get(id, OWNER)).versions[0]!;
    const algorithm = curve === "X25519" ? "X25519" : "ECDH-P-256";
    const shared = agree(algorithm, secret, Buffer.from(publicKey!, "base64"))!;
    expect(key).toEqual(deriveFrom(shared, salt, info, 42));
    const bad = { peer: new Uint8Array(32), salt, info, bytes: 32 };
    expect(await operations.derive(id, OWNER, bad)).toMatchObject({ code: "invalid_parameter" });
  });

  test("wraps and unwraps", async () => {
    await using rig = await openRig();
    const { operations } = rig.room;
    const id = await made(rig, { purpose: "wrapping" });
    const target = new Uint8Array(21).fill(4);
    const { wrapped, algorithm } = given(await operations.wrap(id, OWNER, target, null));
    expect(algorithm).toBe("AES-256-KWP");
    const how = { algorithm: null, version: null };
    expect(new Uint8Array(given(await operations.unwrap(id, OWNER, wrapped, how)).key)).toEqual(
      target,
    );
    expect(await operations.wrap(id, OWNER, target, "AES-256-KW")).toMatchObject({
      code: "invalid_parameter",
    });
    const as = { algorithm: "AES-256-KW", version: null };
    expect(await operations.unwrap(id, OWNER, wrapped, as)).toMatchObject({
      code: "not_authentic",
    });
  });

  test("encapsulates and decapsulates, also what others encapsulated", async () => {
    await using rig = await openRig();
    const { operations, reader } = rig.room;
    const id = await made(rig, { type: "ml-kem-768" });
    const { ciphertext, shared } = given(await operations.encapsulate(id, OWNER));
    const back = given(await operations.decapsulate(id, OWNER, ciphertext, null));
    expect(new Uint8Array(back.shared)).toEqual(shared);
    const { publicKey } = given(await reader.get(id, OWNER)).versions[0]!;
    const theirs = encapsulate(publicKeyObject("ML-KEM-768", Buffer.from(publicKey!, "base64"))!);
    expect(given(await operations.decapsulate(id, OWNER, theirs.ciphertext, null)).shared).toEqual(
      theirs.sharedKey,
    );
    expect(await operations.decapsulate(id, OWNER, MILK, null)).toMatchObject({
      code: "not_authentic",
    });
  });

  test("a key does what it is for and nothing else, for nobody but its own", async () => {
    await using rig = await openRig();
    const { operations } = rig.room;
    const id = await made(rig, { type: "ed25519" });
    for (const refused of [
      await operations.encrypt(id, OWNER, MILK, {}),
      await operations.mac(id, OWNER, MILK),
      await operations.wrap(id, OWNER, MILK, null),
      await operations.encapsulate(id, OWNER),
    ])
      expect(refused).toMatchObject({ code: "key_use_refused" });
    expect(await operations.sign(id, OTHER, MILK)).toMatchObject({ code: "not_found" });
  });
});
