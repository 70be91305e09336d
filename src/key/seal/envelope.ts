import { gcmDecrypt, gcmEncrypt } from "../aes/gcm.ts";
import { unwrapBytes, wrapBytes } from "../aes/keyWrap.ts";
import type { MaterialBinding, WrappedMaterial } from "./vault.ts";

/** AES-256. */
export const KEY_BYTES = 32;

/**
 * Material under its version's key-encryption key, and that under the epoch's.
 * @param key the version's own, never used before
 */
export function sealMaterial(
  { epoch, key: epochKey }: { readonly epoch: number; readonly key: Uint8Array },
  key: Uint8Array,
  nonce: Uint8Array,
  binding: MaterialBinding,
  material: Uint8Array,
): WrappedMaterial {
  return {
    epoch,
    wrappedKey: wrapBytes("AES-256-KW", epochKey, key),
    nonce,
    ciphertext: gcmEncrypt(key, nonce, material, associatedData(binding)),
  };
}

/** @returns the material, for the caller to overwrite; null when anything about it is not as sealed */
export function openMaterial(
  epochKey: Uint8Array,
  binding: MaterialBinding,
  { wrappedKey, nonce, ciphertext }: WrappedMaterial,
): Uint8Array | null {
  const key = unwrapBytes("AES-256-KW", epochKey, wrappedKey);
  if (key === null) return null;
  try {
    return gcmDecrypt(key, nonce, ciphertext, associatedData(binding));
  } finally {
    key.fill(0);
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
