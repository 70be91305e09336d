import { sign, verify } from "node:crypto";
import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { EcdsaSigner } from "./ecdsaSigner.ts";
import { privateKeyObject } from "./privateKey.ts";
import { publicKeyObject } from "./publicKey.ts";
import type { PublicAlgorithm } from "./publicKey.ts";

export type SignatureAlgorithm = "Ed25519" | "ECDSA-P-256-SHA-256" | "ML-DSA-65" | "ML-DSA-87";

/**
 * Random bytes that one signature takes from the service's DRBG. Ed25519 takes none (RFC 8032);
 * ECDSA 32 for the nonce (RFC 6979 3.6) and 64 that blind scalar and nonce; ML-DSA rnd (FIPS 204 3.4).
 */
export const SIGNATURE_ENTROPY_BYTES: Readonly<Record<SignatureAlgorithm, number>> = {
  Ed25519: 0,
  "ECDSA-P-256-SHA-256": 96,
  "ML-DSA-65": 32,
  "ML-DSA-87": 32,
};

const PUBLIC: Readonly<Record<SignatureAlgorithm, PublicAlgorithm>> = {
  Ed25519: "Ed25519",
  "ECDSA-P-256-SHA-256": "P-256",
  "ML-DSA-65": "ML-DSA-65",
  "ML-DSA-87": "ML-DSA-87",
};

const LATTICE = { "ML-DSA-65": ml_dsa65, "ML-DSA-87": ml_dsa87 } as const;
const ecdsa = new EcdsaSigner();

/**
 * @param entropy `SIGNATURE_ENTROPY_BYTES` of them; the caller overwrites them
 * @returns 64 bytes (Ed25519), DER (ECDSA), or FIPS 204's encoding (ML-DSA, empty context)
 */
export function signMessage(
  algorithm: SignatureAlgorithm,
  secret: Uint8Array,
  message: Uint8Array,
  entropy: Uint8Array,
): Uint8Array {
  if (entropy.length !== SIGNATURE_ENTROPY_BYTES[algorithm])
    throw new RangeError(`${algorithm}: ${entropy.length} bytes of entropy`);
  switch (algorithm) {
    case "Ed25519":
      return sign(null, message, privateKeyObject("Ed25519", secret));
    case "ECDSA-P-256-SHA-256":
      return ecdsa.sign(message, secret, entropy);
    default: {
      const expanded = LATTICE[algorithm].keygen(secret).secretKey;
      try {
        return LATTICE[algorithm].sign(message, expanded, { extraEntropy: entropy });
      } finally {
        expanded.fill(0);
      }
    }
  }
}

/** By the platform: a second implementation looks at every signature that noble makes. */
export function isSignature(
  algorithm: SignatureAlgorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = publicKeyObject(PUBLIC[algorithm], publicKey);
  if (!key) return false;
  const hash = algorithm === "ECDSA-P-256-SHA-256" ? "sha256" : null;
  try {
    return verify(hash, message, key, signature);
  } catch {
    return false;
  }
}
