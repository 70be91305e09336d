import type { ManagedType } from "../../port/key.ts";
import { deriveModuleLattice } from "../derive/moduleLattice.ts";
import { platformPublicKey } from "../derive/platformPublicKey.ts";
import type { KeyMaterial } from "../material.ts";
import { isConsistentPair } from "../pairwise.ts";

/** What an imported key has to be: the raw form that `POST /v1/keys/generate` answers. */
export const RAW_BYTES: Readonly<Record<ManagedType, number>> = {
  "aes-256": 32,
  "hmac-256": 32,
  "hmac-512": 64,
  ed25519: 32,
  x25519: 32,
  "p-256": 32,
  "ml-dsa-65": 32,
  "ml-dsa-87": 32,
  "ml-kem-768": 64,
  "ml-kem-1024": 64,
};

/**
 * Takes a raw secret as a key of its type: its public key is computed, and the pair is used once.
 * @param raw overwritten by the caller
 * @returns null for what is no such key
 */
export function materialFrom(type: ManagedType, raw: Uint8Array): KeyMaterial | null {
  if (raw.length !== RAW_BYTES[type]) return null;
  try {
    const material = read(type, raw);
    return isConsistentPair(material) ? material : null;
  } catch {
    // OpenSSL refuses a scalar that is 0 or not below the order.
    return null;
  }
}

function read(type: ManagedType, raw: Uint8Array): KeyMaterial {
  const secret = raw.slice();
  switch (type) {
    case "ed25519":
    case "x25519": {
      const curve = type === "ed25519" ? "Ed25519" : "X25519";
      return { kind: "okp", curve, secret, publicKey: platformPublicKey(curve, secret) };
    }
    case "p-256":
      return { kind: "ec", curve: "P-256", secret, publicKey: platformPublicKey("P-256", secret) };
    case "ml-dsa-65":
      return deriveModuleLattice("ML-DSA-65", secret);
    case "ml-dsa-87":
      return deriveModuleLattice("ML-DSA-87", secret);
    case "ml-kem-768":
      return deriveModuleLattice("ML-KEM-768", secret);
    case "ml-kem-1024":
      return deriveModuleLattice("ML-KEM-1024", secret);
    default:
      return { kind: "symmetric", algorithm: null, secret };
  }
}
