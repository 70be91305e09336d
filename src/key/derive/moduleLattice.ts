import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import type { KeyMaterial, ModuleLatticeAlgorithm } from "../material.ts";

const SCHEMES = {
  "ML-KEM-768": ml_kem768,
  "ML-KEM-1024": ml_kem1024,
  "ML-DSA-65": ml_dsa65,
  "ML-DSA-87": ml_dsa87,
} as const;

/**
 * FIPS 203 algorithm 16 (seed = d || z, 64 bytes) or FIPS 204 algorithm 6 (seed = xi, 32 bytes).
 * The seed is what is kept as the private key; the expanded key is overwritten.
 */
export function deriveModuleLattice(
  algorithm: ModuleLatticeAlgorithm,
  seed: Uint8Array,
): KeyMaterial & { readonly kind: "akp" } {
  const expanded = SCHEMES[algorithm].keygen(seed);
  expanded.secretKey.fill(0);
  return { kind: "akp", algorithm, secret: seed.slice(), publicKey: expanded.publicKey };
}
