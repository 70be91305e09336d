import { createCipheriv, createDecipheriv } from "node:crypto";
import { cipherKey } from "./cipherKey.ts";

const CIPHER = "aes-256-gcm";
/** SP 800-38D 5.2.1.2: the longest tag. */
export const TAG_BYTES = 16;
/** SP 800-38D 5.2.1.1: the length that needs no further hashing of the IV. */
export const NONCE_BYTES = 12;

/**
 * AES-256-GCM (SP 800-38D 7.1).
 * @param nonce 12 bytes that this key never saw before
 * @param front what the result begins with
 * @returns the ciphertext with the 16 bytes of its tag at the end
 */
export function gcmEncrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
  ...front: readonly Uint8Array[]
): Uint8Array {
  const cipher = createCipheriv(CIPHER, cipherKey(key), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated);
  const text = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([...front, text, cipher.getAuthTag()]);
}

/** SP 800-38D 7.2. @returns null when anything differs from what was encrypted */
export function gcmDecrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  ciphertext: Uint8Array,
  associated: Uint8Array,
): Uint8Array | null {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, cipherKey(key), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated);
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  const plaintext = decipher.update(ciphertext.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return null;
  }
}
