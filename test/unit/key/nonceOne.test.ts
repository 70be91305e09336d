import { createHash, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ORDER } from "../../../src/key/derive/ecdsa.ts";
import { platformPublicKey } from "../../../src/key/derive/platformPublicKey.ts";
import { signatureOfNonceOne } from "../../../src/key/nonceOne.ts";
import { publicKeyPem } from "../../../src/key/pem.ts";
import { predictable } from "./supply.ts";

const MESSAGE = Buffer.from("a message");

describe.each([
  ["P-256", "sha256"],
  ["P-384", "sha384"],
] as const)("%s", (curve, hash) => {
  const { length } = ORDER[curve];
  const digest = createHash(hash).update(MESSAGE).digest();
  const accepts = (signer: Uint8Array, verifier: Uint8Array): boolean => {
    const publicKey = platformPublicKey(curve, verifier);
    const key = publicKeyPem({ kind: "ec", curve, secret: verifier, publicKey });
    return verify(hash, MESSAGE, key, signatureOfNonceOne(curve, signer, digest));
  };
  const number = (value: bigint): Uint8Array =>
    new Uint8Array(Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex"));
  const order = BigInt(`0x${ORDER[curve].toString("hex")}`);

  // So many that some numbers are shorter than the order, and some begin with a bit of 1.
  test("OpenSSL takes the signature of the key, and of no other", () => {
    const rounds = curve === "P-256" ? 600 : 40;
    for (let n = 1; n <= rounds; n++) {
      const secret = predictable(n, length);
      secret[0]! &= 0x7f;
      expect(accepts(secret, secret)).toBe(true);
      const other = secret.slice();
      other[length - 1]! ^= 1;
      expect(accepts(other, secret)).toBe(false);
    }
  });

  test("also of the least key and of the greatest", () => {
    for (const secret of [number(1n), number(2n), number(order - 1n)])
      expect(accepts(secret, secret)).toBe(true);
    // (e + r d) is e - r for the greatest: the two are told apart.
    expect(accepts(number(1n), number(order - 1n))).toBe(false);
  });
});
