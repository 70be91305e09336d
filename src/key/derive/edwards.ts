import { ed25519PublicKey } from "../ed25519.ts";
import type { KeyMaterial } from "../material.ts";
import { platformPublicKey } from "./platformPublicKey.ts";

/**
 * FIPS 186-5 A.2.3, RFC 8032 5.1.5: the private key is 32 random bytes.
 * @param seed 32 bytes
 */
export function deriveEd25519(seed: Uint8Array): KeyMaterial & { readonly kind: "okp" } {
  checkSeed("Ed25519", seed);
  return {
    kind: "okp",
    curve: "Ed25519",
    secret: seed.slice(),
    publicKey: ed25519PublicKey(seed),
  };
}

/**
 * RFC 7748 5 and 6.1: the private key is 32 random bytes, clamped whenever it is used and not here,
 * so that the key is the output and nothing else.
 * @param seed 32 bytes
 */
export function deriveX25519(seed: Uint8Array): KeyMaterial & { readonly kind: "okp" } {
  checkSeed("X25519", seed);
  const publicKey = platformPublicKey("X25519", seed);
  return { kind: "okp", curve: "X25519", secret: seed.slice(), publicKey };
}

function checkSeed(curve: string, seed: Uint8Array): void {
  if (seed.length !== 32) throw new RangeError(`${curve}: a seed has 32 bytes`);
}
