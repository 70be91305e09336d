import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import type { KeyMaterial } from "../material.ts";

/**
 * FIPS 186-5 A.2.3, RFC 8032 5.1.5: the private key is 32 random bytes.
 * @param seed 32 bytes
 */
export function deriveEd25519(seed: Uint8Array): KeyMaterial & { readonly kind: "okp" } {
  const secret = seed.slice();
  return { kind: "okp", curve: "Ed25519", secret, publicKey: ed25519.getPublicKey(secret) };
}

/**
 * RFC 7748 5 and 6.1: the private key is 32 random bytes, clamped whenever it is used and not here,
 * so that the key is the output and nothing else.
 * @param seed 32 bytes
 */
export function deriveX25519(seed: Uint8Array): KeyMaterial & { readonly kind: "okp" } {
  const secret = seed.slice();
  return { kind: "okp", curve: "X25519", secret, publicKey: x25519.getPublicKey(secret) };
}
