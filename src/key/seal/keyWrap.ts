import { createCipheriv, createDecipheriv } from "node:crypto";

/** AES-256 key wrap (SP 800-38F 6.2, RFC 3394). */
const CIPHER = "id-aes256-wrap";
/** RFC 3394 2.2.3.1: the initial value that unwrapping checks. */
const INITIAL_VALUE = Buffer.alloc(8, 0xa6);

/** @param key a multiple of 8 bytes, at least 16. @returns it wrapped: 8 bytes longer */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array): Uint8Array {
  // The whole result comes with the update; the final is empty.
  return createCipheriv(CIPHER, wrapping, INITIAL_VALUE).update(key);
}

/** @returns the key, for the caller to overwrite; null when it was not wrapped by this one */
export function unwrapKey(wrapping: Uint8Array, wrapped: Uint8Array): Uint8Array | null {
  try {
    return createDecipheriv(CIPHER, wrapping, INITIAL_VALUE).update(wrapped);
  } catch {
    return null;
  }
}
