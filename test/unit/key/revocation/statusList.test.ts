import { importJWK, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { StatusListPublisher } from "../../../../src/key/revocation/statusListPublisher.ts";
import {
  readStatusList,
  signStatusList,
  STATUS_LIST_SECONDS,
  STATUS_LIST_TYPE,
} from "../../../../src/key/revocation/statusToken.ts";
import { signerOf } from "../../../../src/log/signer.ts";
import type { KeyTransition } from "../../../../src/port/key.ts";
import type { Store } from "../../../../src/store/store.ts";
import { given, openRig, OWNER, type Rig } from "../managed/rig.ts";

const SIGNER = signerOf("log.example/status", new Uint8Array(32).fill(7));
const OTHER = signerOf("log.example/status", new Uint8Array(32).fill(8));
const { verifier } = SIGNER;
const NOW = 1_767_225_600_000;
const SUSPENDED = { key: "k-1", version: 1, state: "suspended", since: 1, reason: "lost" } as const;

/** The Ed25519 key inside a C2SP verifier key, as any library of JWTs takes it. */
async function publicKey() {
  const encoded = verifier.verifierKey.split("+").slice(2).join("+");
  const x = Buffer.from(encoded, "base64").subarray(1).toString("base64url");
  return importJWK({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
}

test("any library of JWTs reads it, and refuses it once it is stale", async () => {
  const token = signStatusList(SIGNER, [SUSPENDED], NOW);
  const read = async (seconds: number) =>
    jwtVerify(token, await publicKey(), {
      issuer: "log.example/status",
      typ: STATUS_LIST_TYPE,
      currentDate: new Date(NOW + seconds * 1000),
    });
  const { payload, protectedHeader } = await read(0);
  expect(payload["keys"]).toEqual([SUSPENDED]);
  expect(protectedHeader.kid).toBe(verifier.keyId.toString("hex"));
  await expect(read(STATUS_LIST_SECONDS - 1)).resolves.toBeDefined();
  await expect(read(STATUS_LIST_SECONDS)).rejects.toMatchObject({ code: "ERR_JWT_EXPIRED" });
});

test("what is stale, early, changed, or signed by another key is no list", () => {
  const token = signStatusList(SIGNER, [SUSPENDED], NOW);
  const at = (seconds: number, text = token) =>
    readStatusList(text, verifier, NOW + seconds * 1000).fault;
  expect(at(0)).toBeNull();
  expect(at(STATUS_LIST_SECONDS - 0.001)).toBeNull();
  expect(at(STATUS_LIST_SECONDS)).toBe("stale");
  expect(at(-60)).toBeNull();
  expect(at(-61)).toBe("early");
  expect(at(0, signStatusList(OTHER, [SUSPENDED], NOW))).toBe("signature");
  const [header, , signature] = token.split(".");
  const empty = Buffer.from(JSON.stringify({ iss: verifier.name, iat: 1, exp: 9e9, keys: [] }));
  expect(at(0, `${header}.${empty.toString("base64url")}.${signature}`)).toBe("signature");
  for (let index = 0; index < token.length; index += 17) {
    const flipped = token[index] === "A" ? "B" : "A";
    expect(
      at(0, token.slice(0, index) + flipped + token.slice(index + 1)),
      `${index}`,
    ).not.toBeNull();
  }
  for (const text of ["", ".", "..", "a.b.c", "a.b.c.d"]) expect(at(0, text)).not.toBeNull();
});

test("what the same key signs for another purpose is no list", () => {
  const sign = (header: object, list: object): string => {
    const input = [header, list]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return `${input}.${Buffer.from(SIGNER.sign(Buffer.from(input))).toString("base64url")}`;
  };
  const header = { alg: "EdDSA", typ: STATUS_LIST_TYPE };
  const list = { iss: verifier.name, iat: NOW / 1000, exp: NOW / 1000 + 1, keys: [] };
  const read = (...parts: [object, object]) => readStatusList(sign(...parts), verifier, NOW).fault;
  expect(read(header, list)).toBeNull();
  expect(read({ ...header, typ: "JWT" }, list)).toBe("malformed");
  expect(read({ ...header, alg: "none" }, list)).toBe("malformed");
  expect(read(header, { ...list, iss: "log.example/other" })).toBe("malformed");
  expect(read(header, { ...list, exp: null })).toBe("malformed");
  expect(read(header, { ...list, keys: [{ key: 1 }] })).toBe("malformed");
  expect(read(header, [])).toBe("malformed");
});

async function open() {
  const rig = await openRig();
  const publisher = new StatusListPublisher(rig.store, rig.clock, SIGNER);
  rig.journal.subscribe(publisher.observe);
  const listed = async () => {
    const { token } = await publisher.current();
    const read = readStatusList(token, verifier, rig.clock.wallMilliseconds());
    if (read.fault !== null) throw new Error(read.fault);
    return read.list.keys;
  };
  return { rig, publisher, listed };
}

const created = async ({ room }: Rig): Promise<string> =>
  given(await room.service.create({ type: "aes-256" }, {}, OWNER)).record.id;

const moved = async ({ room }: Rig, key: string, transition: KeyTransition, reason = "why") =>
  given(
    await room.service.transit(
      key,
      { transition, version: 1, reason, occurredMilliseconds: null, approval: null },
      OWNER,
    ),
  );

test("it has every version that is not to be relied on, and no other", async () => {
  const { rig, listed } = await open();
  await using _ = rig;
  const [active, suspended, compromised] = [
    await created(rig),
    await created(rig),
    await created(rig),
  ];
  expect(await listed()).toEqual([]);
  await moved(rig, suspended, "suspend", "lost laptop");
  await moved(rig, compromised, "compromise");
  const keys = await listed();
  expect(keys.map(({ key }) => key)).not.toContain(active);
  expect(keys).toMatchObject([
    { key: suspended, version: 1, state: "suspended", reason: "lost laptop" },
    { key: compromised, state: "compromised", compromised: expect.any(Number) as number },
  ]);
});

test("it stays the same until it changes or ages, and is never older than a change", async () => {
  const { rig, publisher } = await open();
  await using _ = rig;
  const key = await created(rig);
  const first = await publisher.current();
  expect((await publisher.current()).tag).toBe(first.tag);
  // A reading that began before the change is not what is given after it.
  const early = publisher.current();
  await moved(rig, key, "suspend");
  const after = await publisher.current();
  expect(after.tag).not.toBe(first.tag);
  expect((await early).tag).toBe(first.tag);
  rig.clock.advance((STATUS_LIST_SECONDS / 2) * 1000 - 1);
  expect((await publisher.current()).tag).toBe(after.tag);
  rig.clock.advance(1);
  expect((await publisher.current()).tag).not.toBe(after.tag);
});

test("a change during a reading makes it read again", async () => {
  const { rig } = await open();
  await using _ = rig;
  const key = await created(rig);
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  const { promise: read, resolve: wasRead } = Promise.withResolvers<void>();
  const slow: Store = {
    ...rig.store,
    async read(statement, parameters) {
      const rows = await rig.store.read(statement, parameters);
      wasRead();
      await gate;
      return rows;
    },
  };
  const publisher = new StatusListPublisher(slow, rig.clock, SIGNER);
  rig.journal.subscribe(publisher.observe);
  const first = publisher.current();
  await read;
  // The rows of before are on their way; whoever asks after the change must not be given them.
  await moved(rig, key, "suspend");
  const second = publisher.current();
  release();
  for (const { token } of [await first, await second]) {
    const list = readStatusList(token, verifier, rig.clock.wallMilliseconds());
    expect(list).toMatchObject({ fault: null, list: { keys: [{ key }] } });
  }
});
