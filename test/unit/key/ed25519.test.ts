import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ed25519PublicKey, isEd25519Pair } from "../../../src/key/ed25519.ts";
import { loadSodium } from "../../../src/key/sodium.ts";

const MESSAGE = Buffer.from("a message");
const sodium = loadSodium();
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

test("libsodium is here, and gives the public keys that OpenSSL gives", () => {
  expect(sodium).not.toBeNull();
  fc.assert(
    fc.property(bytes, (seed) => {
      expect(ed25519PublicKey(seed, sodium)).toEqual(ed25519PublicKey(seed, null));
    }),
  );
});

test.each([
  ["libsodium", sodium],
  ["OpenSSL", null],
])("by %s a pair is one, and with one bit more in either half it is none", (_, library) => {
  fc.assert(
    fc.property(bytes, fc.nat(255), (seed, bit) => {
      const publicKey = ed25519PublicKey(seed, library);
      const flipped = (key: Uint8Array): Uint8Array =>
        key.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const kept = seed.slice();
      expect(isEd25519Pair(seed, publicKey, MESSAGE, library)).toBe(true);
      expect(isEd25519Pair(seed, flipped(publicKey), MESSAGE, library)).toBe(false);
      expect(isEd25519Pair(flipped(seed), publicKey, MESSAGE, library)).toBe(false);
      expect(seed).toEqual(kept);
    }),
    { numRuns: 50 },
  );
});
