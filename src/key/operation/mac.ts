import { createHmac, timingSafeEqual } from "node:crypto";
import { cipherKey } from "../aes/cipherKey.ts";

export type MacAlgorithm = "HMAC-SHA-256" | "HMAC-SHA-512";

const HASH = { "HMAC-SHA-256": "sha256", "HMAC-SHA-512": "sha512" } as const;

/** HMAC (FIPS 198-1), all of it: 32 or 64 bytes. */
export function macOf(algorithm: MacAlgorithm, key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac(HASH[algorithm], cipherKey(key)).update(message).digest();
}

/** Constant time for a tag of the right length; truncated tags are not accepted. */
export function isMac(
  algorithm: MacAlgorithm,
  key: Uint8Array,
  message: Uint8Array,
  mac: Uint8Array,
): boolean {
  const expected = macOf(algorithm, key, message);
  return mac.length === expected.length && timingSafeEqual(expected, mac);
}
