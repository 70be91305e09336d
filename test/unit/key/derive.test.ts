import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deriveEc } from "../../../src/key/derive/ecdsa.ts";
import { deriveEd25519, deriveX25519 } from "../../../src/key/derive/edwards.ts";
import { deriveModuleLattice } from "../../../src/key/derive/moduleLattice.ts";
import {
  checkWordList,
  derivePassphrase,
  passphraseEntropyBits,
  passphraseSeedBytes,
  passphraseWords,
} from "../../../src/key/derive/passphrase.ts";
import { hasSmallFactor, isProbablePrime } from "../../../src/key/derive/primality.ts";
import { deriveRsa, requireCriteria } from "../../../src/key/derive/rsa.ts";
import { deriveUuid } from "../../../src/key/derive/uuid.ts";
import { encodeKey } from "../../../src/key/encode.ts";
import type { KeyMaterial } from "../../../src/key/material.ts";
import { WORDS } from "./supply.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

/** Inputs and digests of the expected PKCS#8 of C2SP det-keygen's vectors (Go's implementation). */
const detKeygen = JSON.parse(
  readFileSync(new URL("detKeygenVectors.json", import.meta.url), "utf8"),
) as {
  ecdsa: { curve: "P-256" | "P-384"; seed: string; pkcs8Sha256: string }[];
  rsa: { bits: number; seed: string; pkcs8Sha256: string }[];
};

function pkcs8Sha256(material: KeyMaterial): string {
  const pem = encodeKey(material, "pem").key as string;
  const base64 = pem.replaceAll(/-----.*-----|\n/g, "");
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
}

describe("Ed25519 and X25519", () => {
  test.each([
    // RFC 8032 7.1, tests 1 and 2
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    ],
    [
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    ],
  ])("RFC 8032 7.1: %s", (secret, publicKey) => {
    expect(deriveEd25519(hex(secret)).publicKey).toEqual(hex(publicKey));
  });

  test("RFC 8037 A.1 and A.2: the same key as a JWK", () => {
    const material = deriveEd25519(
      hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    );
    const publicKey = {
      kty: "OKP",
      crv: "Ed25519",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    };
    expect(encodeKey(material, "jwk")).toEqual({
      key: { ...publicKey, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" },
      publicKey,
    });
  });

  test.each([
    [
      "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    ],
    [
      "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    ],
  ])("RFC 7748 6.1: %s", (secret, publicKey) => {
    expect(deriveX25519(hex(secret)).publicKey).toEqual(hex(publicKey));
  });
});

describe("EC", () => {
  // The last P-256 seed is the one whose first draw is not below the order.
  test.each(detKeygen.ecdsa)("C2SP det-keygen $curve, seed $seed", (vector) => {
    const material = deriveEc(vector.curve, Buffer.from(vector.seed, "base64"));
    expect(pkcs8Sha256(material)).toBe(vector.pkcs8Sha256);
  });
});

describe("RSA", () => {
  test("C2SP det-keygen, the first 2048-bit vector", async () => {
    const vector = detKeygen.rsa[0]!;
    const numbers = await deriveRsa(vector.bits, Buffer.from(vector.seed, "base64"));
    expect(pkcs8Sha256({ kind: "rsa", ...numbers })).toBe(vector.pkcs8Sha256);
  });

  test("every criterion of FIPS 186-5 A.1.1 is looked at", async () => {
    const good = await deriveRsa(2048, new Uint8Array(48).fill(7));
    expect(() => requireCriteria(good)).not.toThrow();
    const { p, q, d, n } = good;
    expect(() => requireCriteria({ ...good, e: 3n })).toThrow("e = 65537");
    expect(() => requireCriteria({ ...good, q: q >> 1n })).toThrow("sqrt(2)");
    expect(() => requireCriteria({ ...good, q: p + 2n, n: p * (p + 2n) })).toThrow("|p-q|");
    expect(() => requireCriteria({ ...good, d: 1n << 1024n })).toThrow("< d <");
    expect(() => requireCriteria({ ...good, d: d - 2n })).toThrow("d e = 1");
    expect(() => requireCriteria({ ...good, n: n + 2n })).toThrow("n = pq");
    const multiple = 65_537n * ((p / 65_537n) | 1n) + 1n;
    expect(() => requireCriteria({ ...good, p: multiple })).toThrow("gcd");
  });

  test("an aborted search ends with the signal's reason", async () => {
    const reason = new Error("client gone");
    await expect(deriveRsa(4096, new Uint8Array(48), AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });

  test("trial division finds the factors to 1619 and no others", () => {
    expect(hasSmallFactor(3n * (2n ** 521n - 1n))).toBe(true);
    expect(hasSmallFactor(1619n * (2n ** 521n - 1n))).toBe(true);
    expect(hasSmallFactor(1621n * (2n ** 521n - 1n))).toBe(false);
    expect(hasSmallFactor(2n ** 521n - 1n)).toBe(false);
  });

  test("the platform's primality test tells a prime from a product of two", async () => {
    const bytes = (value: bigint): Uint8Array => hex(value.toString(16).padStart(264, "0"));
    expect(await isProbablePrime(bytes(2n ** 521n - 1n))).toBe(true);
    expect(await isProbablePrime(bytes((2n ** 521n - 1n) * (2n ** 127n - 1n)))).toBe(false);
  });
});

describe("module lattices", () => {
  // Wycheproof testvectors_v1/mlkem_*_keygen_seed_test.json, tests 1 and 2: SHA-256 of ek
  const seeds = [
    "7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d" +
      "8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f",
    "d60b93492a1d8c1c7ba6fc0b733137f3406cee8110a93f170e7a78658af326d9" +
      "003271531cf27285b8721ed5cb46853043b346a66cba6cf765f1b0eaa40bf672",
  ] as const;
  test.each([
    ["ML-KEM-768", 0, "86adbca81f4fee893e2fb58fb98aa2fe188f501fed268d7f4056f8c05c4e53c4"],
    ["ML-KEM-768", 1, "858915faa304fb5beed7d653189707b34a27504dd254ffb12ad47392a0c1ad4a"],
    ["ML-KEM-1024", 0, "61b95ec8c32ae85ad7a17ae5b9c2dfb083e05f767da3ba9a0a8092ea6b4cbf7a"],
    ["ML-KEM-1024", 1, "c29400f965d2a6bd7985b1d758e11b7e428daa0db07c6551464c1249d9d52047"],
  ] as const)("Wycheproof %s, seed %d", (algorithm, index, digest) => {
    const { publicKey } = deriveModuleLattice(algorithm, hex(seeds[index]));
    expect(createHash("sha256").update(publicKey).digest("hex")).toBe(digest);
  });
});

describe("uuid", () => {
  test("RFC 9562 A.3", () => {
    expect(deriveUuid(hex("919108f752d103205bac f847db4148a8".replace(" ", ""))).text).toBe(
      "919108f7-52d1-4320-9bac-f847db4148a8",
    );
  });

  test("all 122 other bits come through", () => {
    expect(deriveUuid(new Uint8Array(16)).text).toBe("00000000-0000-4000-8000-000000000000");
    expect(deriveUuid(new Uint8Array(16).fill(255)).text).toBe(
      "ffffffff-ffff-4fff-bfff-ffffffffffff",
    );
  });
});

describe("passphrase", () => {
  const odd = Array.from({ length: 7776 }, (_, index) => {
    const letters = "abcdefghijklmnopqrst";
    return [index % 20, Math.floor(index / 20) % 20, Math.floor(index / 400)]
      .map((digit) => letters[digit]!)
      .join("");
  });
  const numbers = (...values: number[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(passphraseSeedBytes(odd.length)));
    values.forEach((value, index) => view.setUint32(4 * index, value));
    return new Uint8Array(view.buffer);
  };

  test("the number of words makes at least 128 bits", () => {
    expect([passphraseWords(2048), passphraseWords(7776)]).toEqual([12, 10]);
    expect(passphraseEntropyBits(2048)).toBe(132);
    expect(passphraseEntropyBits(7776)).toBeCloseTo(129.25, 2);
  });

  test("words are taken in the order of the numbers", () => {
    const text = derivePassphrase(numbers(0, 1, 7775, 7776, 7777), odd).text;
    expect(text.split(" ").slice(0, 5)).toEqual([odd[0], odd[1], odd[7775], odd[0], odd[1]]);
    expect(text.split(" ")).toHaveLength(10);
  });

  test("a number that would favour the first words is rejected, and the one below it is not", () => {
    const limit = 2 ** 32 - (2 ** 32 % 7776);
    expect(derivePassphrase(numbers(limit - 1), odd).text.split(" ")[0]).toBe(odd[7775]);
    expect(derivePassphrase(numbers(limit, 5), odd).text.split(" ")[0]).toBe(odd[5]);
    expect(derivePassphrase(numbers(2 ** 32 - 1, 6), odd).text.split(" ")[0]).toBe(odd[6]);
  });

  test("it fails, rather than favour a word, when every spare number is rejected", () => {
    const seed = new Uint8Array(passphraseSeedBytes(odd.length)).fill(255);
    expect(() => derivePassphrase(seed, odd)).toThrow("rejected");
  });

  test("a list that would spoil the count of bits is refused", () => {
    expect(() => checkWordList(WORDS)).not.toThrow();
    expect(() => checkWordList(WORDS.slice(0, 1023))).toThrow(RangeError);
    expect(() => checkWordList([...WORDS, WORDS[0]!])).toThrow("twice");
    expect(() => checkWordList([...WORDS, "two words"])).toThrow("lower-case");
  });
});
