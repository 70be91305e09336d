import { createCipheriv, createDecipheriv } from "node:crypto";
import type { MaterialBinding } from "./vault.ts";

const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;
export const NONCE_BYTES = 12;
export const KEY_BYTES = 32;

/** AES-256-GCM. @returns the ciphertext with the tag at its end */
export function sealMaterial(
  key: Uint8Array,
  nonce: Uint8Array,
  binding: MaterialBinding,
  material: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(binding));
  const text = cipher.update(material);
  cipher.final();
  return Buffer.concat([text, cipher.getAuthTag()]);
}

/** @returns the material, for the caller to overwrite; null when anything about it is not as sealed */
export function openMaterial(
  key: Uint8Array,
  nonce: Uint8Array,
  binding: MaterialBinding,
  ciphertext: Uint8Array,
): Uint8Array | null {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(binding));
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  const material = decipher.update(ciphertext.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return material;
  } catch {
    material.fill(0);
    return null;
  }
}

/** Each part behind its length, so that no two bindings have the same bytes. */
export function associatedData({ key, version, algorithm, usage }: MaterialBinding): Uint8Array {
  return lengthPrefixed(["springhouse material v1", key, String(version), algorithm, usage]);
}

export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
