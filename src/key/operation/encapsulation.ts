import { decapsulate } from "node:crypto";
import { ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { privateKeyObject } from "./privateKey.ts";

export type EncapsulationAlgorithm = "ML-KEM-768" | "ML-KEM-1024";

const SCHEME = { "ML-KEM-768": ml_kem768, "ML-KEM-1024": ml_kem1024 } as const;
/** FIPS 203 6.2: m, 32 random bytes. */
export const ENCAPSULATION_ENTROPY_BYTES = 32;

export interface Encapsulated {
  readonly ciphertext: Uint8Array;
  /** 32 bytes, a key as it stands (FIPS 203 3.3). */
  readonly shared: Uint8Array;
}

/**
 * FIPS 203 algorithm 17, with m from the service's DRBG.
 * @returns null for an encapsulation key that fails the checks of FIPS 203 7.2
 */
export function encapsulateTo(
  algorithm: EncapsulationAlgorithm,
  publicKey: Uint8Array,
  entropy: Uint8Array,
): Encapsulated | null {
  try {
    const { cipherText, sharedSecret } = SCHEME[algorithm].encapsulate(publicKey, entropy);
    return { ciphertext: cipherText, shared: sharedSecret };
  } catch {
    return null;
  }
}

/**
 * FIPS 203 algorithm 21, by OpenSSL. A ciphertext that was changed gives another secret and no error:
 * implicit rejection.
 * @param secret d || z, 64 bytes
 * @returns null for a ciphertext of the wrong length
 */
export function decapsulateFrom(
  algorithm: EncapsulationAlgorithm,
  secret: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | null {
  if (ciphertext.length !== SCHEME[algorithm].lengths.cipherText) return null;
  return decapsulate(privateKeyObject(algorithm, secret), ciphertext);
}
