import { KEY_PURPOSES } from "../../port/key.ts";
import type { KeyAlgorithm, KeyPurpose, KeyUsage, ManagedType } from "../../port/key.ts";

/** Protecting usages first. An agreement protects: whoever derives, derives for new data. */
export const USAGES_OF: Readonly<Record<KeyPurpose, readonly KeyUsage[]>> = {
  encryption: ["encrypt", "decrypt"],
  mac: ["mac", "verify-mac"],
  signature: ["sign", "verify"],
  agreement: ["derive"],
  wrapping: ["wrap", "unwrap"],
  encapsulation: ["encapsulate", "decapsulate"],
};

const PROTECTING: ReadonlySet<KeyUsage> = new Set([
  "encrypt",
  "mac",
  "sign",
  "derive",
  "wrap",
  "encapsulate",
]);

/** SP 800-57 part 1 r5 5.3: protection is applied in the active state only. */
export function isProtecting(usage: KeyUsage): boolean {
  return PROTECTING.has(usage);
}

type Algorithms = Readonly<Partial<Record<KeyPurpose, readonly KeyAlgorithm[]>>>;

/** The purposes that a type may have, and the algorithms of each; the first is the default. */
const ALGORITHMS: Readonly<Record<ManagedType, Algorithms>> = {
  "aes-256": { encryption: ["AES-256-GCM"], wrapping: ["AES-256-KWP", "AES-256-KW"] },
  "hmac-256": { mac: ["HMAC-SHA-256"] },
  "hmac-512": { mac: ["HMAC-SHA-512"] },
  ed25519: { signature: ["Ed25519"] },
  x25519: { agreement: ["X25519"] },
  "p-256": { signature: ["ECDSA-P-256-SHA-256"], agreement: ["ECDH-P-256"] },
  "ml-dsa-65": { signature: ["ML-DSA-65"] },
  "ml-dsa-87": { signature: ["ML-DSA-87"] },
  "ml-kem-768": { encapsulation: ["ML-KEM-768"] },
  "ml-kem-1024": { encapsulation: ["ML-KEM-1024"] },
};

/** None for a purpose that the type cannot have. */
export function algorithmsOf(type: ManagedType, purpose: KeyPurpose): readonly KeyAlgorithm[] {
  return ALGORITHMS[type][purpose] ?? [];
}

/** The first is the default; a `p-256` and an `aes-256` key have two. */
export function purposesOf(type: ManagedType): readonly KeyPurpose[] {
  return KEY_PURPOSES.filter((purpose) => ALGORITHMS[type][purpose] !== undefined);
}

/**
 * Hard caps on protecting operations of one version, whatever its policy says. AES-GCM: 2^32
 * invocations (SP 800-38D 8.3). ML-DSA, ECDSA and the others: no bound that a service could reach.
 */
const CAP_OF: Readonly<Partial<Record<KeyAlgorithm, number>>> = { "AES-256-GCM": 2 ** 32 };

export function operationsCap(algorithm: KeyAlgorithm): number {
  return CAP_OF[algorithm] ?? Number.MAX_SAFE_INTEGER;
}
