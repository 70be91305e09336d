import { describe, expect, test, vi } from "vitest";
import { DERIVATIONS } from "../../../src/key/derive/deriveKey.ts";
import { KeyGenerator } from "../../../src/key/keyGenerator.ts";
import type { KeyMaterial } from "../../../src/key/material.ts";
import { isConsistentPair } from "../../../src/key/pairwise.ts";
import type { KeyType } from "../../../src/key/types.ts";
import { TestSupply, WORDS, predictable } from "./supply.ts";
import { pairsInThisThread } from "../../support/pairsInThisThread.ts";

async function derive(type: KeyType, number: number): Promise<KeyMaterial> {
  const bytes = predictable(number, DERIVATIONS[type].seedBytes(WORDS));
  return DERIVATIONS[type].derive(bytes, { words: WORDS });
}

describe("pairwise consistency test", () => {
  test.each([
    "ed25519",
    "x25519",
    "p-256",
    "p-384",
    "ml-kem-768",
    "ml-kem-1024",
    "ml-dsa-65",
    "ml-dsa-87",
  ] as const)("%s: passes its own public key and fails another's", async (type) => {
    const [mine, other] = [await derive(type, 1), await derive(type, 2)];
    expect(isConsistentPair(mine)).toBe(true);
    if (!("publicKey" in mine && "publicKey" in other)) throw new Error("no pair");
    expect(isConsistentPair({ ...mine, publicKey: other.publicKey })).toBe(false);
  });

  test("rsa: passes its own modulus and fails another's exponent", async () => {
    const [mine, other] = [await derive("rsa-2048", 1), await derive("rsa-2048", 2)];
    expect(isConsistentPair(mine)).toBe(true);
    if (mine.kind !== "rsa" || other.kind !== "rsa") throw new Error("no pair");
    expect(isConsistentPair({ ...mine, n: other.n })).toBe(false);
  });
});

test("a pair that fails stops key generation of every type", async () => {
  const keys = new KeyGenerator({
    random: new TestSupply(),
    words: WORDS,
    pairs: pairsInThisThread,
  });
  const flawed = vi.spyOn(DERIVATIONS.ed25519, "derive").mockImplementation((seed) => ({
    kind: "okp",
    curve: "Ed25519",
    secret: seed.slice(),
    publicKey: new Uint8Array(32),
  }));
  try {
    for (const type of ["ed25519", "aes-256"])
      expect(await keys.generate({ type }, "p-1")).toMatchObject({
        ok: false,
        code: "self_test_failed",
        detail: expect.stringContaining("ed25519") as string,
      });
  } finally {
    flawed.mockRestore();
  }
});
