import { hkdfSync } from "node:crypto";
import { ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { unwrapBytes, wrapBytes } from "../aes/keyWrap.ts";
import { KEY_BYTES, lengthPrefixed } from "./envelope.ts";

/*
 * A slot whose secret is not at hand (a passphrase in somebody's head) must still take a new epoch's
 * key. So the secret does not wrap the epoch key: it wraps the seed of an ML-KEM-1024 pair (FIPS 203,
 * category 5, as AES-256), and each epoch key is encapsulated to the public half. Whoever learned one
 * epoch's key learns nothing of the next, which a symmetric slot key would give away.
 */

/** FIPS 203 algorithm 16: d || z. */
export const PAIR_SEED_BYTES = 64;
/** FIPS 203 algorithm 17: m. */
export const ENCAPSULATION_BYTES = 32;
/** FIPS 203 table 3. */
const CIPHERTEXT_BYTES = 1568;

/** @param seed `PAIR_SEED_BYTES`, which the slot's secret wraps */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  const { publicKey, secretKey } = ml_kem1024.keygen(seed);
  secretKey.fill(0);
  return publicKey;
}

/**
 * @param randomness `ENCAPSULATION_BYTES` of the DRBG, used once
 * @param context what it is bound to: the vault, the slot, the epoch
 */
export function sealTo(
  publicKey: Uint8Array,
  randomness: Uint8Array,
  context: readonly string[],
  epochKey: Uint8Array,
): Uint8Array {
  const { cipherText, sharedSecret } = ml_kem1024.encapsulate(publicKey, randomness);
  const wrapping = wrappingKey(sharedSecret, context);
  try {
    return Buffer.concat([cipherText, wrapBytes("AES-256-KW", wrapping, epochKey)]);
  } finally {
    wrapping.fill(0);
    sharedSecret.fill(0);
  }
}

/** @returns the epoch key, for the caller to overwrite; null when it was not sealed to this pair */
export function openWith(
  seed: Uint8Array,
  context: readonly string[],
  sealed: Uint8Array,
): Uint8Array | null {
  if (sealed.length <= CIPHERTEXT_BYTES) return null;
  const { secretKey } = ml_kem1024.keygen(seed);
  const sharedSecret = ml_kem1024.decapsulate(sealed.slice(0, CIPHERTEXT_BYTES), secretKey);
  const wrapping = wrappingKey(sharedSecret, context);
  try {
    return unwrapBytes("AES-256-KW", wrapping, sealed.subarray(CIPHERTEXT_BYTES));
  } finally {
    for (const secret of [wrapping, sharedSecret, secretKey]) secret.fill(0);
  }
}

function wrappingKey(sharedSecret: Uint8Array, context: readonly string[]): Uint8Array {
  const information = lengthPrefixed(["springhouse slot v1", ...context]);
  return new Uint8Array(hkdfSync("sha256", sharedSecret, new Uint8Array(), information, KEY_BYTES));
}
