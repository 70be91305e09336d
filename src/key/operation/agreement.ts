import { diffieHellman, hkdfSync } from "node:crypto";
import { privateKeyObject } from "./privateKey.ts";
import { publicKeyObject } from "./publicKey.ts";

export type AgreementAlgorithm = "X25519" | "ECDH-P-256";

const CURVE = { X25519: "X25519", "ECDH-P-256": "P-256" } as const;

/**
 * The shared secret of RFC 7748 6.1 or SP 800-56A r3 5.7.1.2. It is no key yet: `deriveFrom`.
 * @param peer 32 bytes, or SEC 1's uncompressed point
 * @returns null for a peer's key that is none, or is of low order
 */
export function agree(
  algorithm: AgreementAlgorithm,
  secret: Uint8Array,
  peer: Uint8Array,
): Uint8Array | null {
  const publicKey = publicKeyObject(CURVE[algorithm], peer);
  if (!publicKey) return null;
  try {
    return diffieHellman({ privateKey: privateKeyObject(CURVE[algorithm], secret), publicKey });
  } catch {
    // RFC 7748 6.1: OpenSSL refuses an all-zero result, which only a point of low order gives.
    return null;
  }
}

/**
 * SP 800-56C r2 section 5, two-step: HKDF-SHA-256 (RFC 5869).
 * @param info what the key is for; both sides use the same
 * @param bytes 1 to 8,160: HKDF gives at most 255 blocks (RFC 5869 2.3)
 */
export function deriveFrom(
  shared: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  bytes: number,
): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", shared, salt, info, bytes));
}
