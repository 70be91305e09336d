import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The part of sodium-native that is used; its own types are of an old version. */
export interface Sodium {
  sodium_malloc(bytes: number): Buffer;
  sodium_free(buffer: Buffer): void;
  sodium_mlock(buffer: Buffer): void;
  sodium_mprotect_noaccess(buffer: Buffer): void;
  sodium_mprotect_readwrite(buffer: Buffer): void;
  /** @param secretKey filled with seed and public key, one behind the other */
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean;
}

/** Null where there is no prebuilt binary, as on musl. */
export function loadSodium(): Sodium | null {
  try {
    return require("sodium-native") as Sodium;
  } catch {
    return null;
  }
}
