import fc from "fast-check";
import { expect, test } from "vitest";
import { wrapBytes } from "../../../../src/key/aes/keyWrap.ts";
import { associatedData, openMaterial, sealMaterial } from "../../../../src/key/seal/envelope.ts";
import { rewrapKeys } from "../../../../src/key/seal/rewrapKeys.ts";
import { openWith, publicKeyOf, sealTo } from "../../../../src/key/seal/selfSealing.ts";

const EPOCH_KEY = { epoch: 1, key: new Uint8Array(32).fill(7) };

test("many keys at once are rewrapped as OpenSSL wraps them, and a wrong one is named", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(
      key,
      key,
      fc.array(key, { minLength: 1, maxLength: 9 }),
      fc.nat(),
      (from, to, keys, at) => {
        const wrapped = Buffer.concat(keys.map((one) => wrapBytes("AES-256-KW", from, one)));
        const moved = rewrapKeys(from, to, wrapped);
        expect(moved).toEqual(
          new Uint8Array(Buffer.concat(keys.map((one) => wrapBytes("AES-256-KW", to, one)))),
        );
        wrapped[at % wrapped.length]! ^= 1;
        expect(rewrapKeys(from, to, wrapped)).toBe(Math.floor((at % wrapped.length) / 40));
      },
    ),
  );
});

test("material opens under the binding that it was sealed under, and under no other", () => {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12).fill(2);
  const binding = fc.record({
    key: fc.string(),
    version: fc.nat(),
    algorithm: fc.string(),
    usage: fc.string(),
  });
  fc.assert(
    fc.property(binding, binding, fc.uint8Array({ minLength: 1 }), (one, other, material) => {
      const sealed = sealMaterial(EPOCH_KEY, key, nonce, one, material);
      expect(openMaterial(EPOCH_KEY.key, one, sealed)).toEqual(Buffer.from(material));
      const same = Buffer.from(associatedData(one)).equals(associatedData(other));
      expect(same).toBe(JSON.stringify(one) === JSON.stringify(other));
      if (!same) expect(openMaterial(EPOCH_KEY.key, other, sealed)).toBeNull();
    }),
  );
});

test("any changed bit and any cut of what is stored is found", () => {
  const key = new Uint8Array(32).fill(1);
  const binding = { key: "k", version: 1, algorithm: "aes-256", usage: "encrypt" };
  const nonce = new Uint8Array(12);
  const sealed = sealMaterial(EPOCH_KEY, key, nonce, binding, new Uint8Array(32).fill(9));
  for (const part of ["wrappedKey", "nonce", "ciphertext"] as const) {
    const bytes = sealed[part];
    const opened = (changed: Uint8Array) =>
      openMaterial(EPOCH_KEY.key, binding, { ...sealed, [part]: changed });
    expect(opened(bytes)).not.toBeNull();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(opened(changed)).toBeNull();
    }
    for (let length = 0; length < bytes.length; length++)
      expect(opened(bytes.subarray(0, length))).toBeNull();
  }
});

test("an epoch key sealed to a slot's pair opens with its seed, in its own context only", () => {
  const seed = new Uint8Array(64).map((_, index) => index);
  const epochKey = new Uint8Array(32).fill(8);
  const publicKey = publicKeyOf(seed);
  const sealed = sealTo(publicKey, new Uint8Array(32).fill(3), ["vault", "slot-1", "1"], epochKey);
  expect(openWith(seed, ["vault", "slot-1", "1"], sealed)).toEqual(Buffer.from(epochKey));
  expect(openWith(seed, ["vault", "slot-1", "2"], sealed)).toBeNull();
  expect(openWith(seed, ["vault", "slot-11", ""], sealed)).toBeNull();
  expect(
    openWith(
      seed.map((byte) => byte ^ 1),
      ["vault", "slot-1", "1"],
      sealed,
    ),
  ).toBeNull();
  expect(openWith(seed, ["vault", "slot-1", "1"], sealed.subarray(0, 1000))).toBeNull();
});
