import type { Refusal } from "../../port/errors.ts";
import type { VaultState } from "../../port/seal.ts";

/** What a wrapped material is bound to: in another row, or under another name, it does not open. */
export interface MaterialBinding {
  readonly key: string;
  readonly version: number;
  readonly algorithm: string;
  /** What the key may be used for, in one canonical text. */
  readonly usage: string;
}

/** The material of one key version as it is stored, in the table `key_material`. */
export interface WrappedMaterial {
  /** The epoch whose key wraps `wrappedKey`. */
  readonly epoch: number;
  /** The version's key-encryption key under the epoch key: AES-256 key wrap, 40 bytes. */
  readonly wrappedKey: Uint8Array;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** AES-256-GCM under the version's key-encryption key, 16 bytes of tag at the end. */
  readonly ciphertext: Uint8Array;
}

/**
 * What key management is given of the seal.
 *
 * The contract:
 * - What `wrap` gave is to be stored in the same turn of the event loop. A row of an epoch that is
 *   no longer live is refused by the database, so that no material is kept that nothing can open.
 * - A row that was read before the epoch was rotated does not open (`conflict`): read it again.
 *   `state().epoch` says which epoch is live.
 */
export interface Vault {
  state(): VaultState;
  /**
   * Wraps material under a new key-encryption key of its own, drawn from the DRBG.
   * @param material 1 to `LARGEST_MATERIAL_BYTES`; left alone, so the caller overwrites it
   * @returns a Refusal `sealed`, or that of the draw
   */
  wrap(binding: MaterialBinding, material: Uint8Array): Promise<WrappedMaterial | Refusal>;
  /**
   * Gives a copy of the material in locked memory for the length of `use`, then overwrites it. Calls
   * may be nested, for a key that wraps another.
   * @param use synchronous: what it returns must not be a promise, nor a view of the material
   * @returns a Refusal `sealed`, `conflict` (an epoch that is not live) or `material_damaged`
   */
  open<Result>(
    binding: MaterialBinding,
    wrapped: WrappedMaterial,
    use: (material: Uint8Array) => Result,
  ): Result | Refusal;
  /**
   * Ends at once what is in the clear of a key. Otherwise material that was opened stays so for 10 ms,
   * in locked memory, and its next use costs no decryption.
   */
  forget(key: string): void;
}

/** A PKCS#8 RSA-4096 key is 2.4 kB, an expanded ML-DSA-87 key 4.9 kB. */
export const LARGEST_MATERIAL_BYTES = 8192;
