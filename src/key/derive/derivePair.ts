import type { ModuleLatticeAlgorithm, PairMaterial } from "../material.ts";
import { deriveEc } from "./ecdsa.ts";
import { deriveEd25519, deriveX25519 } from "./edwards.ts";
import { deriveModuleLattice } from "./moduleLattice.ts";

interface PairDerivation {
  /** How many bytes the DRBG gives for one pair. */
  seedBytes(): number;
  /** @throws RangeError for a seed of another length; Error for a defect */
  derive(seed: Uint8Array): PairMaterial;
}

/**
 * 384 bits: SP 800-90A 8.6.7 lets an HMAC_DRBG of strength s be instantiated without a nonce from
 * 3s/2 bits, and s = 256 covers every type derived through one.
 */
export const DRBG_SEED_BYTES = 48;

const ec = (curve: "P-256" | "P-384"): PairDerivation => ({
  seedBytes: () => DRBG_SEED_BYTES,
  derive: (seed) => deriveEc(curve, seed),
});

const moduleLattice = (bytes: number, algorithm: ModuleLatticeAlgorithm): PairDerivation => ({
  seedBytes: () => bytes,
  derive: (seed) => deriveModuleLattice(algorithm, seed),
});

/** Pairs that one computation gives, of at most 30 ms; an RSA pair is searched for. */
export const PAIR_DERIVATIONS = {
  ed25519: { seedBytes: () => 32, derive: (seed) => deriveEd25519(seed) },
  x25519: { seedBytes: () => 32, derive: (seed) => deriveX25519(seed) },
  "p-256": ec("P-256"),
  "p-384": ec("P-384"),
  "ml-kem-768": moduleLattice(64, "ML-KEM-768"),
  "ml-kem-1024": moduleLattice(64, "ML-KEM-1024"),
  "ml-dsa-65": moduleLattice(32, "ML-DSA-65"),
  "ml-dsa-87": moduleLattice(32, "ML-DSA-87"),
} as const satisfies Readonly<Record<string, PairDerivation>>;

export type PairType = keyof typeof PAIR_DERIVATIONS;
