import type { KeyMaterial } from "../material.ts";

/**
 * SP 800-133 r2 6.1 with V = 0: the key is the DRBG's output itself.
 * @param algorithm the JWK `alg`, where exactly one is registered for such a key
 */
export function deriveSymmetric(seed: Uint8Array, algorithm: string | null = null): KeyMaterial {
  return { kind: "symmetric", algorithm, secret: seed.slice() };
}
