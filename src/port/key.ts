/* The words of managed keys, for every room that names one. */

/** The states of SP 800-57 part 1 r5 section 7. One version of a key is in exactly one of them. */
export const KEY_STATES = [
  "pre-activation", // 7.1
  "active", // 7.2
  "suspended", // 7.3
  "deactivated", // 7.4
  "compromised", // 7.5
  "destroyed", // 7.6
  "destroyed-compromised", // 7.6, with the compromise on its metadata
] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** What changes a version's state. The birth of a version is not in here: it comes from no state. */
export const KEY_TRANSITIONS = [
  "activate",
  "suspend",
  "restore",
  "deactivate",
  "compromise",
  "destroy",
  "process", // 7.5: a compromised version may process for a while; its state stays
] as const;
export type KeyTransition = (typeof KEY_TRANSITIONS)[number];

/** Types that can be managed: those whose material is one short secret. */
export const MANAGED_TYPES = [
  "aes-256",
  "hmac-256",
  "hmac-512",
  "ed25519",
  "x25519",
  "p-256",
  "ml-dsa-65",
  "ml-dsa-87",
  "ml-kem-768",
  "ml-kem-1024",
] as const;
export type ManagedType = (typeof MANAGED_TYPES)[number];

/** What a managed key is for: one purpose a key (SP 800-57 part 1 r5 5.2). */
export const KEY_PURPOSES = [
  "encryption",
  "mac",
  "signature",
  "agreement",
  "wrapping",
  "encapsulation",
] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/** What can be done with a key: the bits of its usage mask. */
export const KEY_USAGES = [
  "encrypt",
  "decrypt",
  "mac",
  "verify-mac",
  "sign",
  "verify",
  "derive",
  "wrap",
  "unwrap",
  "encapsulate",
  "decapsulate",
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

export const KEY_ALGORITHMS = [
  "AES-256-GCM",
  "HMAC-SHA-256",
  "HMAC-SHA-512",
  "Ed25519",
  "ECDSA-P-256-SHA-256",
  "ML-DSA-65",
  "ML-DSA-87",
  "X25519",
  "ECDH-P-256",
  "AES-256-KW",
  "AES-256-KWP",
  "ML-KEM-768",
  "ML-KEM-1024",
] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** One version of a key as it is shown. Binary fields are base64; times are Unix milliseconds. */
export interface KeyVersionDescription {
  readonly version: number;
  readonly state: KeyState;
  readonly primary: boolean;
  /** Replaced longer ago than the policy keeps: it processes nothing any more. */
  readonly retired: boolean;
  readonly origin: "generated" | "imported";
  /** The output that it was made of; null for an imported one. */
  readonly output: string | null;
  /** Raw, and as SubjectPublicKeyInfo; null for a symmetric key. */
  readonly publicKey: string | null;
  readonly publicKeyPem: string | null;
  readonly createdMilliseconds: number;
  readonly activatedMilliseconds: number | null;
  readonly deactivateMilliseconds: number | null;
  readonly changedMilliseconds: number;
  readonly reason: string | null;
  readonly compromisedMilliseconds: number | null;
  /** Of a compromised version: until when custodians let it process; null where they do not. */
  readonly processUntilMilliseconds: number | null;
  /** Protecting operations so far, and bytes; after a crash all that was reserved counts. */
  readonly operations: number;
  readonly bytes: number;
  /** What its state allows next. */
  readonly transitions: readonly KeyTransition[];
}

/** A key as a list shows it. */
export interface KeySummary {
  readonly id: string;
  readonly name: string | null;
  readonly type: ManagedType;
  readonly purpose: KeyPurpose;
  readonly usages: readonly KeyUsage[];
  readonly algorithms: readonly KeyAlgorithm[];
  readonly owner: string;
  readonly principals: readonly string[];
  readonly exportable: boolean;
  /** Of the primary version. */
  readonly state: KeyState;
  readonly primary: number;
  readonly revision: number;
  readonly createdMilliseconds: number;
}

/** Managed keys in figures. */
export interface KeyFigures {
  /** Versions in each state. */
  readonly versions: Readonly<Record<KeyState, number>>;
  /** Operations done since the start. */
  readonly operations: Readonly<Record<KeyUsage, number>>;
  /** Further versions since the start, by a policy or on demand. */
  readonly rotations: number;
  /** Acts of policies that could not be done when they were due, since the start. */
  readonly overdue: number;
}

/** How material is sealed to a recipient's public key. */
export const EXPORT_SCHEMES = ["hpke", "jwe", "age"] as const;
export type ExportScheme = (typeof EXPORT_SCHEMES)[number];
