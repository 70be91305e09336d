import type { KeyMaterial, ModuleLatticeAlgorithm } from "../material.ts";
import type { KeyType } from "../types.ts";
import { deriveEc } from "./ecdsa.ts";
import { deriveEd25519, deriveX25519 } from "./edwards.ts";
import { deriveModuleLattice } from "./moduleLattice.ts";
import { derivePassphrase, passphraseSeedBytes } from "./passphrase.ts";
import { deriveRsa } from "./rsa.ts";
import { deriveSymmetric } from "./symmetric.ts";
import { deriveUuid } from "./uuid.ts";

export interface DeriveContext {
  readonly words: readonly string[];
  readonly signal?: AbortSignal;
}

interface Derivation {
  /** How many bytes the DRBG gives for one key. */
  seedBytes(words: readonly string[]): number;
  derive(seed: Uint8Array, context: DeriveContext): KeyMaterial | Promise<KeyMaterial>;
}

/**
 * 384 bits: SP 800-90A 8.6.7 lets an HMAC_DRBG of strength s be instantiated without a nonce from
 * 3s/2 bits, and s = 256 covers every type derived through one.
 */
const DRBG_SEED_BYTES = 48;

const symmetric = (bytes: number, algorithm?: string): Derivation => ({
  seedBytes: () => bytes,
  derive: (seed) => deriveSymmetric(seed, algorithm),
});

const moduleLattice = (bytes: number, algorithm: ModuleLatticeAlgorithm): Derivation => ({
  seedBytes: () => bytes,
  derive: (seed) => deriveModuleLattice(algorithm, seed),
});

const ec = (curve: "P-256" | "P-384"): Derivation => ({
  seedBytes: () => DRBG_SEED_BYTES,
  derive: (seed) => deriveEc(curve, seed),
});

const rsa = (modulusBits: number): Derivation => ({
  seedBytes: () => DRBG_SEED_BYTES,
  derive: async (seed, { signal }) => ({
    kind: "rsa",
    ...(await deriveRsa(modulusBits, seed, signal)),
  }),
});

/** Each key is a function of its seed alone, so that one output explains it. */
export const DERIVATIONS: Readonly<Record<KeyType, Derivation>> = {
  "aes-128": symmetric(16),
  "aes-192": symmetric(24),
  "aes-256": symmetric(32),
  "hmac-256": symmetric(32, "HS256"),
  "hmac-512": symmetric(64, "HS512"),
  chacha20: symmetric(32),
  ed25519: { seedBytes: () => 32, derive: (seed) => deriveEd25519(seed) },
  x25519: { seedBytes: () => 32, derive: (seed) => deriveX25519(seed) },
  "p-256": ec("P-256"),
  "p-384": ec("P-384"),
  "rsa-2048": rsa(2048),
  "rsa-3072": rsa(3072),
  "rsa-4096": rsa(4096),
  "ml-kem-768": moduleLattice(64, "ML-KEM-768"),
  "ml-kem-1024": moduleLattice(64, "ML-KEM-1024"),
  "ml-dsa-65": moduleLattice(32, "ML-DSA-65"),
  "ml-dsa-87": moduleLattice(32, "ML-DSA-87"),
  uuid: { seedBytes: () => 16, derive: (seed) => deriveUuid(seed) },
  passphrase: {
    seedBytes: (words) => passphraseSeedBytes(words.length),
    derive: (seed, { words }) => derivePassphrase(seed, words),
  },
};
