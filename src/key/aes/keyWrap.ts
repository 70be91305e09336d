import { createCipheriv, createDecipheriv } from "node:crypto";
import { cipherKey } from "./cipherKey.ts";

export type KeyWrapAlgorithm = "AES-256-KW" | "AES-256-KWP";

/** RFC 3394 2.2.3.1, and RFC 5649 3 (whose second half is the length). */
const INITIAL_VALUE = {
  "AES-256-KW": Buffer.alloc(8, 0xa6),
  "AES-256-KWP": Buffer.from("a65959a6", "hex"),
} as const;

/** `aes-256` for the keys of this service; the vectors of RFC 5649 have 192 bits. */
function cipherOf(algorithm: KeyWrapAlgorithm, key: Uint8Array): string {
  return `id-aes${key.length * 8}-wrap${algorithm === "AES-256-KWP" ? "-pad" : ""}`;
}

/** SP 800-38F 5.3.1: KW takes n semiblocks, n >= 2; KWP any octet string. Null for a fit. */
export function wrapFault(algorithm: KeyWrapAlgorithm, bytes: number): string | null {
  if (bytes < 1) return "nothing is there to wrap";
  if (algorithm === "AES-256-KW" && (bytes % 8 !== 0 || bytes < 16))
    return "AES-256-KW wraps a multiple of 8 bytes, at least 16; AES-256-KWP any length";
  return null;
}

/**
 * SP 800-38F 6.2 and 6.3 (RFC 3394, RFC 5649). Deterministic: equal keys give equal wraps.
 * @param target as `wrapFault` allows
 */
export function wrapBytes(
  algorithm: KeyWrapAlgorithm,
  key: Uint8Array,
  target: Uint8Array,
): Uint8Array {
  const cipher = cipherOf(algorithm, key);
  // The whole result comes with the update; the final is empty.
  return createCipheriv(cipher, cipherKey(key), INITIAL_VALUE[algorithm]).update(target);
}

/** @returns the target, for the caller to overwrite; null when this key did not wrap it so */
export function unwrapBytes(
  algorithm: KeyWrapAlgorithm,
  key: Uint8Array,
  wrapped: Uint8Array,
): Uint8Array | null {
  // OpenSSL takes nothing at all for the wrap of nothing.
  if (wrapped.length < (algorithm === "AES-256-KW" ? 24 : 16)) return null;
  const cipher = cipherOf(algorithm, key);
  try {
    return createDecipheriv(cipher, cipherKey(key), INITIAL_VALUE[algorithm]).update(wrapped);
  } catch {
    return null;
  }
}
