import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { shake128 } from "@noble/hashes/sha3.js";
import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { describe, expect, test } from "vitest";
import { deriveModuleLattice } from "../../../src/key/derive/moduleLattice.ts";
import { deriveRsa } from "../../../src/key/derive/rsa.ts";
import { rsaKeyObject } from "../../../src/key/encode.ts";

const { rsa } = JSON.parse(
  readFileSync(new URL("detKeygenVectors.json", import.meta.url), "utf8"),
) as { rsa: { bits: number; seed: string; pkcs8Sha256: string }[] };

// They include a first pair whose e has no inverse, candidates at the edges, and all three sizes.
test.each(rsa)("C2SP det-keygen RSA-$bits, seed $seed", async ({ bits, seed, pkcs8Sha256 }) => {
  const numbers = await deriveRsa(bits, Buffer.from(seed, "base64"));
  const der = rsaKeyObject(numbers).privateKey.export({ format: "der", type: "pkcs8" });
  expect(createHash("sha256").update(der).digest("hex")).toBe(pkcs8Sha256);
});

describe("C2SP CCTV ML-DSA/accumulated, 100 iterations", () => {
  test.each([
    ["ML-DSA-65", ml_dsa65, "8358a1843220194417cadbc2651295cd8fc65125b5a5c1a239a16dc8b57ca199"],
    ["ML-DSA-87", ml_dsa87, "8c3ad714777622b8f21ce31bb35f71394f23bc0fcf3c78ace5d608990f3b061b"],
  ] as const)("%s", (algorithm, scheme, digest) => {
    const seeds = shake128.create({ dkLen: 32 });
    const accumulated = shake128.create({ dkLen: 32 });
    for (let iteration = 0; iteration < 100; iteration++) {
      const seed = seeds.xof(32);
      accumulated.update(deriveModuleLattice(algorithm, seed).publicKey);
      const { secretKey } = scheme.keygen(seed);
      accumulated.update(scheme.sign(new Uint8Array(), secretKey, { extraEntropy: false }));
    }
    expect(Buffer.from(accumulated.xof(32)).toString("hex")).toBe(digest);
  });
});
