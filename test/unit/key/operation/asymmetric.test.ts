import { encapsulate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { deriveEc } from "../../../../src/key/derive/ecdsa.ts";
import { deriveEd25519 } from "../../../../src/key/derive/edwards.ts";
import { deriveModuleLattice } from "../../../../src/key/derive/moduleLattice.ts";
import { platformPublicKey } from "../../../../src/key/derive/platformPublicKey.ts";
import { agree, deriveFrom } from "../../../../src/key/operation/agreement.ts";
import { decapsulateFrom, encapsulateTo } from "../../../../src/key/operation/encapsulation.ts";
import { publicKeyObject } from "../../../../src/key/operation/publicKey.ts";
import {
  SIGNATURE_ENTROPY_BYTES,
  isSignature,
  signMessage,
} from "../../../../src/key/operation/signature.ts";
import type { SignatureAlgorithm } from "../../../../src/key/operation/signature.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString("hex");
const MESSAGE = Buffer.from("spring water");

const PAIRS: readonly [SignatureAlgorithm, Uint8Array, Uint8Array][] = (
  [
    ["Ed25519", deriveEd25519(new Uint8Array(32).fill(1))],
    ["ECDSA-P-256-SHA-256", deriveEc("P-256", new Uint8Array(48).fill(2))],
    ["ML-DSA-65", deriveModuleLattice("ML-DSA-65", new Uint8Array(32).fill(3))],
    ["ML-DSA-87", deriveModuleLattice("ML-DSA-87", new Uint8Array(32).fill(4))],
  ] as const
).map(([algorithm, { secret, publicKey }]) => [algorithm, secret, publicKey]);

describe("signatures", () => {
  test("Ed25519: RFC 8032 7.1, tests 1 and 2", () => {
    const none = new Uint8Array(0);
    const secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    expect(toHex(signMessage("Ed25519", secret, none, none))).toBe(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    );
    const second = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    expect(toHex(signMessage("Ed25519", second, hex("72"), none))).toBe(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
  });

  test.each(PAIRS)("%s: OpenSSL takes it, and no other", (algorithm, secret, publicKey) => {
    const entropy = new Uint8Array(SIGNATURE_ENTROPY_BYTES[algorithm]).fill(5);
    const signature = signMessage(algorithm, secret, MESSAGE, entropy);
    expect(isSignature(algorithm, publicKey, MESSAGE, signature)).toBe(true);
    expect(isSignature(algorithm, publicKey, Buffer.from("other"), signature)).toBe(false);
    const changed = new Uint8Array(signature);
    changed[changed.length - 1]! ^= 1;
    expect(isSignature(algorithm, publicKey, MESSAGE, changed)).toBe(false);
    expect(isSignature(algorithm, publicKey, MESSAGE, new Uint8Array(0))).toBe(false);
    expect(isSignature(algorithm, publicKey.subarray(1), MESSAGE, signature)).toBe(false);
  });

  test.each(PAIRS.filter(([algorithm]) => algorithm !== "Ed25519"))(
    "%s: a function of key, message and the entropy that it was given",
    (algorithm, secret) => {
      const of = (fill: number, bytes = SIGNATURE_ENTROPY_BYTES[algorithm]): string =>
        toHex(signMessage(algorithm, secret, MESSAGE, new Uint8Array(bytes).fill(fill)));
      expect(of(1)).toBe(of(1));
      expect(of(1)).not.toBe(of(2));
      expect(() => of(1, 16)).toThrow(RangeError);
    },
  );
});

describe("agreement", () => {
  test("X25519: RFC 7748 6.1", () => {
    const alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const bob = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    expect(toHex(agree("X25519", alice, bob))).toBe(
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    );
  });

  test("X25519: points of low order are refused", () => {
    const secret = new Uint8Array(32).fill(7);
    for (const point of [
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
      expect(agree("X25519", secret, hex(point)), point).toBeNull();
  });

  test("P-256: NIST CAVP, ECC CDH primitive, COUNT = 0", () => {
    const peer =
      "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287" +
      "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
    const secret = hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534");
    expect(toHex(agree("ECDH-P-256", secret, hex(peer)))).toBe(
      "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b",
    );
  });

  test("P-256: a point off the curve, at infinity or cut short is refused", () => {
    const { publicKey } = deriveEc("P-256", new Uint8Array(48).fill(9));
    const secret = new Uint8Array(32).fill(7);
    const off = new Uint8Array(publicKey);
    off[64]! ^= 1;
    expect(agree("ECDH-P-256", secret, publicKey)).not.toBeNull();
    for (const peer of [off, new Uint8Array(65), new Uint8Array(1), publicKey.subarray(0, 33)])
      expect(agree("ECDH-P-256", secret, peer)).toBeNull();
  });

  test("HKDF-SHA-256: RFC 5869 A.1", () => {
    const okm = deriveFrom(
      new Uint8Array(22).fill(0x0b),
      hex("000102030405060708090a0b0c"),
      hex("f0f1f2f3f4f5f6f7f8f9"),
      42,
    );
    expect(toHex(okm)).toBe(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
  });

  test("both sides come to the same", () => {
    const [one, other] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];
    for (const [algorithm, curve] of [
      ["X25519", "X25519"],
      ["ECDH-P-256", "P-256"],
    ] as const)
      expect(agree(algorithm, one, platformPublicKey(curve, other))).toEqual(
        agree(algorithm, other, platformPublicKey(curve, one)),
      );
  });
});

describe.each(["ML-KEM-768", "ML-KEM-1024"] as const)("%s", (algorithm) => {
  const { secret, publicKey } = deriveModuleLattice(algorithm, new Uint8Array(64).fill(6));

  test("noble encapsulates with the given bytes, OpenSSL decapsulates", () => {
    const one = encapsulateTo(algorithm, publicKey, new Uint8Array(32).fill(1))!;
    expect(new Uint8Array(decapsulateFrom(algorithm, secret, one.ciphertext)!)).toEqual(one.shared);
    expect(encapsulateTo(algorithm, publicKey, new Uint8Array(32).fill(1))).toEqual(one);
    expect(encapsulateTo(algorithm, publicKey, new Uint8Array(32).fill(2))).not.toEqual(one);
  });

  test("OpenSSL encapsulates, we decapsulate", () => {
    const { sharedKey, ciphertext } = encapsulate(publicKeyObject(algorithm, publicKey)!);
    expect(decapsulateFrom(algorithm, secret, ciphertext)).toEqual(sharedKey);
  });

  test("a changed ciphertext gives another secret, a short one and a bad key nothing", () => {
    const { ciphertext, shared } = encapsulateTo(algorithm, publicKey, new Uint8Array(32))!;
    const changed = new Uint8Array(ciphertext);
    changed[0]! ^= 1;
    const rejected = decapsulateFrom(algorithm, secret, changed)!;
    expect(rejected).toHaveLength(32);
    expect(new Uint8Array(rejected)).not.toEqual(shared);
    expect(decapsulateFrom(algorithm, secret, ciphertext.subarray(1))).toBeNull();
    // FIPS 203 7.2, the modulus check: a coefficient of 4095 is no residue of 3329.
    const bad = new Uint8Array(publicKey).fill(0xff, 0, 3);
    expect(encapsulateTo(algorithm, bad, new Uint8Array(32))).toBeNull();
    expect(encapsulateTo(algorithm, publicKey.subarray(1), new Uint8Array(32))).toBeNull();
  });
});
