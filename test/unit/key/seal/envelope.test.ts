import fc from "fast-check";
import { expect, test } from "vitest";
import { associatedData, openMaterial, sealMaterial } from "../../../../src/key/seal/envelope.ts";
import { unwrapKey, wrapKey } from "../../../../src/key/seal/keyWrap.ts";
import { rewrapKeys } from "../../../../src/key/seal/rewrapKeys.ts";
import { openWith, publicKeyOf, sealTo } from "../../../../src/key/seal/selfSealing.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

test("RFC 3394 4.6: 256 bits of key data with a 256-bit key", () => {
  const wrapping = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
  const key = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
  const wrapped = wrapKey(wrapping, key);
  expect(Buffer.from(wrapped).toString("hex").toUpperCase()).toBe(
    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
  );
  expect(unwrapKey(wrapping, wrapped)).toEqual(Buffer.from(key));
  for (const at of [0, 8, 39]) {
    const changed = Uint8Array.from(wrapped);
    changed[at]! ^= 1;
    expect(unwrapKey(wrapping, changed)).toBeNull();
  }
  expect(unwrapKey(wrapping, wrapped.subarray(8))).toBeNull();
});

test("many keys at once are rewrapped as OpenSSL wraps them, and a wrong one is named", () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(
      key,
      key,
      fc.array(key, { minLength: 1, maxLength: 9 }),
      fc.nat(),
      (from, to, keys, at) => {
        const wrapped = Buffer.concat(keys.map((one) => wrapKey(from, one)));
        const moved = rewrapKeys(from, to, wrapped);
        expect(moved).toEqual(new Uint8Array(Buffer.concat(keys.map((one) => wrapKey(to, one)))));
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
      const sealed = sealMaterial(key, nonce, one, material);
      expect(openMaterial(key, nonce, one, sealed)).toEqual(Buffer.from(material));
      const same = Buffer.from(associatedData(one)).equals(associatedData(other));
      expect(same).toBe(JSON.stringify(one) === JSON.stringify(other));
      if (!same) expect(openMaterial(key, nonce, other, sealed)).toBeNull();
    }),
  );
});

test("any changed bit and any cut of a ciphertext is found", () => {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const binding = { key: "k", version: 1, algorithm: "aes-256", usage: "encrypt" };
  const sealed = sealMaterial(key, nonce, binding, new Uint8Array(32).fill(9));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(openMaterial(key, nonce, binding, changed)).toBeNull();
  }
  for (let length = 0; length < sealed.length; length++)
    expect(openMaterial(key, nonce, binding, sealed.subarray(0, length))).toBeNull();
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
