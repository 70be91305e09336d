/*
 * SP 800-90A r1, tables 2 and 3, and SP 800-90C (2025). In bits where the standard counts bits.
 */

/** SP 800-90A table 2: bits in one generate request. */
export const MAXIMUM_REQUEST_BITS = 2 ** 19;
export const MAXIMUM_REQUEST_BYTES = MAXIMUM_REQUEST_BITS / 8;

/** SP 800-90A table 2: generate requests between reseeds. */
export const MAXIMUM_RESEED_INTERVAL = 2 ** 48;

/** SP 800-90A table 2: entropy input, personalization string and additional input, each. */
export const MAXIMUM_STRING_BITS = 2 ** 35;

/** SP 800-90C 5: an RBG2 must reseed before it generates once so many bits left since the last. */
export const MAXIMUM_BITS_PER_SEED = 2 ** 17;
export const MAXIMUM_BYTES_PER_SEED = MAXIMUM_BITS_PER_SEED / 8;

/** SP 800-90C 2.6 and 3.2.2.2: fresh entropy needed beyond the full-entropy bits taken. */
export const FULL_ENTROPY_MARGIN_BITS = 64;

/** SP 800-90C: full entropy is (1 - epsilon) n bits with epsilon at most 2^-32. */
export const FULL_ENTROPY_NEGATIVE_LOG2_EPSILON = 32;

/** SP 800-90B 4.3: samples of a startup test, at least. */
export const MINIMUM_STARTUP_SAMPLES = 1024;

export const SECURITY_STRENGTHS = [112, 128, 192, 256] as const;
export type SecurityStrength = (typeof SECURITY_STRENGTHS)[number];

/**
 * SP 800-57 part 1, table 3, as SP 800-90A 10.1 uses it: the highest strength that an HMAC_DRBG or
 * Hash_DRBG over this hash supports.
 */
export const HASH_SECURITY_STRENGTH = {
  "SHA-1": 128,
  "SHA-224": 192,
  "SHA-512/224": 192,
  "SHA3-224": 192,
  "SHA-256": 256,
  "SHA-384": 256,
  "SHA-512": 256,
  "SHA-512/256": 256,
  "SHA3-256": 256,
  "SHA3-384": 256,
  "SHA3-512": 256,
} as const satisfies Record<string, SecurityStrength>;

/** SP 800-90C 2.6 item 11: entropy to instantiate at strength s without a separate nonce, 3s/2. */
export function instantiateEntropyBits(strength: SecurityStrength): number {
  return (3 * strength) / 2;
}

/** SP 800-90A 8.6.3: entropy to reseed at strength s. */
export function reseedEntropyBits(strength: SecurityStrength): number {
  return strength;
}

/** SP 800-90C 3.2.2.2: entropy that a vetted function needs to give `outputBits` of full entropy. */
export function fullEntropyInputBits(outputBits: number): number {
  return outputBits + FULL_ENTROPY_MARGIN_BITS;
}
