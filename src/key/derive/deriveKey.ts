import type { KeyMaterial } from "../material.ts";
import type { KeyType } from "../types.ts";
import { DRBG_SEED_BYTES, PAIR_DERIVATIONS } from "./derivePair.ts";
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

const symmetric = (bytes: number, algorithm?: string): Derivation => ({
  seedBytes: () => bytes,
  derive: (seed) => deriveSymmetric(seed, algorithm),
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
  ...PAIR_DERIVATIONS,
  "rsa-2048": rsa(2048),
  "rsa-3072": rsa(3072),
  "rsa-4096": rsa(4096),
  uuid: { seedBytes: () => 16, derive: (seed) => deriveUuid(seed) },
  passphrase: {
    seedBytes: (words) => passphraseSeedBytes(words.length),
    derive: (seed, { words }) => derivePassphrase(seed, words),
  },
};
