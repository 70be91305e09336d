/** The key types of `POST /v1/keys/generate`. */
export const KEY_TYPES = [
  "aes-128",
  "aes-192",
  "aes-256",
  "hmac-256",
  "hmac-512",
  "chacha20",
  "ed25519",
  "x25519",
  "p-256",
  "p-384",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
  "ml-kem-768",
  "ml-kem-1024",
  "ml-dsa-65",
  "ml-dsa-87",
  "uuid",
  "passphrase",
] as const;
export type KeyType = (typeof KEY_TYPES)[number];

export const KEY_FORMATS = ["jwk", "pem", "raw"] as const;
export type KeyFormat = (typeof KEY_FORMATS)[number];

/**
 * The formats that exist for a type; the first is the default. `raw` is base64 of the bytes that the
 * type's own standard defines, and for `uuid` and `passphrase` the text itself. An RSA key has no
 * raw form, a symmetric key no PEM.
 */
export const FORMATS_OF: Readonly<Record<KeyType, readonly [KeyFormat, ...KeyFormat[]]>> = {
  "aes-128": ["jwk", "raw"],
  "aes-192": ["jwk", "raw"],
  "aes-256": ["jwk", "raw"],
  "hmac-256": ["jwk", "raw"],
  "hmac-512": ["jwk", "raw"],
  chacha20: ["jwk", "raw"],
  ed25519: ["jwk", "pem", "raw"],
  x25519: ["jwk", "pem", "raw"],
  "p-256": ["jwk", "pem", "raw"],
  "p-384": ["jwk", "pem", "raw"],
  "rsa-2048": ["jwk", "pem"],
  "rsa-3072": ["jwk", "pem"],
  "rsa-4096": ["jwk", "pem"],
  "ml-kem-768": ["jwk", "pem", "raw"],
  "ml-kem-1024": ["jwk", "pem", "raw"],
  "ml-dsa-65": ["jwk", "pem", "raw"],
  "ml-dsa-87": ["jwk", "pem", "raw"],
  uuid: ["raw"],
  passphrase: ["raw"],
};

/** Keys in one request. An RSA key costs seconds of a core, so a batch of them is short. */
export const MAXIMUM_COUNT = 100;
export const MAXIMUM_RSA_COUNT = 4;

export function maximumCount(type: KeyType): number {
  return type.startsWith("rsa-") ? MAXIMUM_RSA_COUNT : MAXIMUM_COUNT;
}

/**
 * Security strength in bits that a type needs of the DRBG: SP 800-57 part 1 table 2, FIPS 203
 * section 3.3 (192 and 256) and FIPS 204 section 3.6.1. It is the draw's requirement. RSA-4096 lies between
 * two rows and takes the lower one; a uuid and a passphrase have no row and take 128.
 */
export const STRENGTH_OF: Readonly<Record<KeyType, number>> = {
  "aes-128": 128,
  "aes-192": 192,
  "aes-256": 256,
  "hmac-256": 256,
  "hmac-512": 256,
  chacha20: 256,
  ed25519: 128,
  x25519: 128,
  "p-256": 128,
  "p-384": 192,
  "rsa-2048": 112,
  "rsa-3072": 128,
  "rsa-4096": 128,
  "ml-kem-768": 192,
  "ml-kem-1024": 256,
  "ml-dsa-65": 192,
  "ml-dsa-87": 256,
  uuid: 128,
  passphrase: 128,
};

export type JsonWebKey = Readonly<Record<string, string>>;

/** A key as it is answered. None of it is kept. */
export interface GeneratedKey {
  readonly type: KeyType;
  readonly format: KeyFormat;
  /** `jwk`: an object; `pem`: PKCS#8; `raw`: base64, or the text of a uuid or passphrase. */
  readonly key: JsonWebKey | string;
  /** In the same format (`pem`: SubjectPublicKeyInfo); absent for symmetric keys and texts. */
  readonly publicKey?: JsonWebKey | string;
  /** The output that the whole key is a function of. */
  readonly output: string;
  /** The DRBG's seed behind that output. */
  readonly seed: string;
}
