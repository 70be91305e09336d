import {
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemX25519HkdfSha256,
  HkdfSha256,
} from "@hpke/core";
import { Decrypter, armor, generateX25519Identity, identityToRecipient } from "age-encryption";
import { calculateJwkThumbprint, compactDecrypt, importJWK, type JWK } from "jose";
import { generateKeyPairSync } from "node:crypto";
import type { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { sealAsAgeFile } from "../../../../src/key/distribution/ageFile.ts";
import { hpkeInfo, sealWithHpke } from "../../../../src/key/distribution/hpke.ts";
import { jweEntropyBytes, sealAsJwe } from "../../../../src/key/distribution/jwe.ts";
import { payloadOf } from "../../../../src/key/distribution/payload.ts";
import { readRecipient } from "../../../../src/key/distribution/recipient.ts";
import type { RecipientCurve } from "../../../../src/key/distribution/recipient.ts";
import { commitmentTo, opensCommitment } from "../../../../src/log/commitment.ts";
import { predictable } from "../supply.ts";
import { CURVES, curveRecipient, pairOf } from "./keys.ts";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

/** RFC 9180 A.1.1 and A.3.1, sequence number 0: base mode, AES-128-GCM. */
const VECTORS = [
  {
    curve: "X25519",
    ikmE: "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
    pkRm: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
    enc: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    ct: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
  },
  {
    curve: "P-256",
    ikmE: "4270e54ffd08d79d5928020af4686d8f6b7d35dbe470265f1f5aa22816ce860e",
    pkRm: "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
    enc: "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    ct: "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
  },
] as const;

test.each(VECTORS)("RFC 9180: $curve, to the byte", async ({ curve, ikmE, pkRm, enc, ct }) => {
  const sealed = await sealWithHpke(
    curve,
    hex(pkRm),
    hex("4265617574792069732074727574682c20747275746820626561757479"),
    hex("4f6465206f6e2061204772656369616e2055726e"),
    hex(ikmE),
    { aead: "AES-128-GCM", aad: hex("436f756e742d30") },
  );
  expect(Buffer.from(sealed.enc).toString("hex")).toBe(enc);
  expect(Buffer.from(sealed.ciphertext).toString("hex")).toBe(ct);
});

const PLAINTEXT = payloadOf({
  key: "k-0000000000000001-1",
  version: 2,
  type: "aes-256",
  secret: predictable(9, 32),
  salt: predictable(10, 32),
});

/** Opened by another implementation, which knows nothing of ours. */
async function openWithHpkeCore(
  curve: RecipientCurve,
  privateJwk: string,
  enc: Uint8Array,
  ciphertext: Uint8Array,
  info: Uint8Array,
): Promise<string> {
  const suite = new CipherSuite({
    kem: curve === "X25519" ? new DhkemX25519HkdfSha256() : new DhkemP256HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const recipientKey = await suite.kem.importKey(
    "jwk",
    JSON.parse(privateJwk) as webcrypto.JsonWebKey,
    false,
  );
  return Buffer.from(await suite.open({ recipientKey, enc, info }, ciphertext)).toString();
}

test.each(CURVES)("@hpke/core opens ours over %s, for its recipient alone", async (curve) => {
  const [own, other] = [pairOf(curve, 1), pairOf(curve, 2)];
  const recipient = curveRecipient("hpke", own.publicJwk);
  const info = hpkeInfo("k-0000000000000001-1", 2, recipient.digest);
  const entropy = predictable(3, 32);
  const { enc, ciphertext, ...ids } = await sealWithHpke(
    curve,
    recipient.publicKey,
    PLAINTEXT,
    info,
    entropy,
  );
  expect(ids).toEqual({ kem: curve === "X25519" ? 0x20 : 0x10, kdf: 1, aead: 2 });
  const open = (pair: typeof own, bound = info) =>
    openWithHpkeCore(curve, pair.privateJwk, enc, ciphertext, bound);
  expect(await open(own)).toBe(Buffer.from(PLAINTEXT).toString());
  await expect(open(other)).rejects.toThrow();
  // As another version, or for another recipient, it does not open.
  await expect(open(own, hpkeInfo("k-0000000000000001-1", 3, recipient.digest))).rejects.toThrow();
  await expect(open(own, hpkeInfo("k-0000000000000001-1", 2, "x"))).rejects.toThrow();
});

test.each(CURVES)(
  "the ephemeral key of a message over %s is a function of the draw",
  async (curve) => {
    const { publicKey } = pairOf(curve, 1);
    const sealed = async (number: number) =>
      sealWithHpke(curve, publicKey, PLAINTEXT, new Uint8Array(0), predictable(number, 32));
    const [first, again, other] = [await sealed(4), await sealed(4), await sealed(5)];
    expect(again).toEqual(first);
    expect(other.enc).not.toEqual(first.enc);
  },
);

test.each(CURVES)("a JWE over %s opens for its recipient alone", async (curve) => {
  const [own, other] = [pairOf(curve, 1), pairOf(curve, 2)];
  const { publicKey, digest } = curveRecipient("jwe", own.publicPem);
  const names = { kid: "k-0000000000000001-1/2", recipient: digest };
  const seal = (number: number) =>
    sealAsJwe(curve, publicKey, PLAINTEXT, names, predictable(number, jweEntropyBytes(curve)));
  const jwe = await seal(6);
  const opened = await compactDecrypt(
    jwe,
    await importJWK(JSON.parse(own.privateJwk) as JWK, "ECDH-ES+A256KW"),
  );
  expect(Buffer.from(opened.plaintext).toString()).toBe(Buffer.from(PLAINTEXT).toString());
  expect(opened.protectedHeader).toMatchObject({ kid: names.kid, enc: "A256GCM", cty: "jwk+json" });
  expect(Buffer.from(String(opened.protectedHeader["apv"]), "base64url").toString()).toBe(digest);
  const stranger = await importJWK(JSON.parse(other.privateJwk) as JWK, "ECDH-ES+A256KW");
  await expect(compactDecrypt(jwe, stranger)).rejects.toThrow();
  // All that is random in it is of the draw.
  expect(await seal(6)).toBe(jwe);
  expect(await seal(7)).not.toBe(jwe);
});

test("an age file opens for its recipient alone", async () => {
  const [own, other] = [await generateX25519Identity(), await generateX25519Identity()];
  const file = await sealAsAgeFile(await identityToRecipient(own), PLAINTEXT);
  const open = async (identity: string) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return Buffer.from(await decrypter.decrypt(armor.decode(file!))).toString();
  };
  expect(await open(own)).toBe(Buffer.from(PLAINTEXT).toString());
  await expect(open(other)).rejects.toThrow();
  expect(await sealAsAgeFile("age1qqqqqqqqqqqq", PLAINTEXT)).toBeNull();
});

test("what is sealed is the JWK, with what opens the log's commitment", () => {
  const jwk = JSON.parse(Buffer.from(PLAINTEXT).toString()) as Record<string, string>;
  expect(Object.keys(jwk).toSorted()).toEqual(["commitment_salt", "k", "kid", "kty"]);
  expect(jwk["kid"]).toBe("k-0000000000000001-1/2");
  const domain = "key k-0000000000000001-1 2";
  const commitment = commitmentTo(predictable(10, 32), domain, predictable(9, 32));
  const salt = Buffer.from(jwk["commitment_salt"]!, "base64url");
  expect(opensCommitment(commitment, salt, domain, Buffer.from(jwk["k"]!, "base64url"))).toBe(true);
});

/** RFC 7748 and the usual list: the points of order 1, 2, 4 and 8, and their other encodings. */
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

test.each(LOW_ORDER)("the point of low order %s is refused", (point) => {
  const jwk = { kty: "OKP", crv: "X25519", x: Buffer.from(point, "hex").toString("base64url") };
  expect(readRecipient("hpke", JSON.stringify(jwk))).toMatchObject({
    ok: false,
    code: "invalid_parameter",
    detail: expect.stringContaining("low order") as string,
  });
});

const private25519 = pairOf("X25519", 1);
const BAD = {
  "a private PEM": ["hpke", private25519.privatePem, "private key"],
  "a private JWK": ["jwe", private25519.privateJwk, "private key"],
  "a secret JWK": ["jwe", '{"kty":"oct","k":"AAAA"}', "private key"],
  "an age identity": ["age", "AGE-SECRET-KEY-1QQQQ", "private identity"],
  "a key of another curve": [
    "hpke",
    generateKeyPairSync("ed25519").publicKey.export({ format: "pem", type: "spki" }).toString(),
    "curve",
  ],
  "a point that is not on its curve": [
    "jwe",
    JSON.stringify({ kty: "EC", crv: "P-256", x: "AA".repeat(22), y: "AA".repeat(22) }),
    "neither",
  ],
  "an age recipient for HPKE": ["hpke", "age1qqqq", "neither"],
  "a PEM for age": ["age", private25519.publicPem, "no age recipient"],
  "no JSON": ["jwe", "{", "neither"],
  "a null": ["jwe", "null", "neither"],
  nothing: ["hpke", "", "neither"],
} as const;

test.each(Object.entries(BAD))("%s is no recipient", (_, [scheme, text, why]) => {
  expect(readRecipient(scheme, text)).toMatchObject({
    ok: false,
    code: "invalid_parameter",
    detail: expect.stringContaining(why) as string,
  });
});

test("a recipient is named by the thumbprint of its key, in whatever form it comes", async () => {
  const { publicJwk, publicPem } = private25519;
  const [jwk, pem] = [curveRecipient("hpke", publicJwk), curveRecipient("jwe", publicPem)];
  const thumbprint = await calculateJwkThumbprint(JSON.parse(publicJwk) as JWK);
  expect(Buffer.from(jwk.digest, "hex").toString("base64url")).toBe(thumbprint);
  expect(pem.digest).toBe(jwk.digest);
  expect(pem.publicKey).toEqual(jwk.publicKey);
});
