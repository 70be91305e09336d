import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { publicKeyPem } from "../pem.ts";

export type PublicAlgorithm =
  | "Ed25519"
  | "X25519"
  | "P-256"
  | "ML-DSA-65"
  | "ML-DSA-87"
  | "ML-KEM-768"
  | "ML-KEM-1024";

const LENGTH: Readonly<Record<PublicAlgorithm, number>> = {
  Ed25519: 32,
  X25519: 32,
  "P-256": 65,
  "ML-DSA-65": 1952,
  "ML-DSA-87": 2592,
  "ML-KEM-768": 1184,
  "ML-KEM-1024": 1568,
};

/**
 * A raw public key as the platform takes it: 32 bytes, SEC 1's uncompressed point, or FIPS 203's and
 * 204's encodings. The platform refuses a point that is not on its curve.
 * @returns null for bytes that are no such key
 */
export function publicKeyObject(algorithm: PublicAlgorithm, raw: Uint8Array): KeyObject | null {
  if (raw.length !== LENGTH[algorithm]) return null;
  try {
    return createPublicKey(publicKeyPem(materialOf(algorithm, raw)));
  } catch {
    return null;
  }
}

/** SubjectPublicKeyInfo. */
export function publicPem(algorithm: PublicAlgorithm, raw: Uint8Array): string {
  return publicKeyPem(materialOf(algorithm, raw));
}

function materialOf(algorithm: PublicAlgorithm, publicKey: Uint8Array) {
  const secret = new Uint8Array(0);
  switch (algorithm) {
    case "Ed25519":
    case "X25519":
      return { kind: "okp", curve: algorithm, secret, publicKey } as const;
    case "P-256":
      return { kind: "ec", curve: algorithm, secret, publicKey } as const;
    default:
      return { kind: "akp", algorithm, secret, publicKey } as const;
  }
}
