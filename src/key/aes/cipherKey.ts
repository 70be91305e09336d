import { createSecretKey, type KeyObject } from "node:crypto";

/**
 * A key as Node's ciphers and MACs take it at once. Given bare bytes, they first try them for a
 * KeyObject and a CryptoKey by a throw each, which costs more than AES over a kilobyte. The copy is
 * OpenSSL's, as that in the cipher's own context, and is overwritten when it is freed.
 */
export function cipherKey(key: Uint8Array): KeyObject {
  return createSecretKey(key);
}
