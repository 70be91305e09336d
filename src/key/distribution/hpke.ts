import {
  AEAD_AES_128_GCM,
  AEAD_AES_256_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_P256_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
} from "hpke";
import type { RecipientCurve } from "./recipient.ts";

/** RFC 9180 7.1.3: as much as Nsk, of which the ephemeral key pair is derived. */
export const HPKE_ENTROPY_BYTES = 32;

const KEM = { X25519: KEM_DHKEM_X25519_HKDF_SHA256, "P-256": KEM_DHKEM_P256_HKDF_SHA256 } as const;
/** Keys go out under AES-256; RFC 9180's vectors of these KEMs are for AES-128. */
const AEAD = { "AES-128-GCM": AEAD_AES_128_GCM, "AES-256-GCM": AEAD_AES_256_GCM } as const;

/** RFC 9180 7: the identifiers of a suite, for whoever opens it. */
export interface HpkeSuite {
  readonly kem: number;
  readonly kdf: number;
  readonly aead: number;
}

export interface HpkeMessage extends HpkeSuite {
  /** The encapsulated key: 32 bytes, or 65. */
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/**
 * The `info` of an exported key: KEY|VERSION|RECIPIENT. A message is opened with the key id and version
 * that its holder expects, and as no other.
 * @param recipient its digest
 */
export function hpkeInfo(key: string, version: number, recipient: string): Uint8Array {
  return Buffer.from(`${key}|${version}|${recipient}`);
}

/**
 * RFC 9180 5.1.1 and 6.1: single shot, base mode, DHKEM(curve, HKDF-SHA256), HKDF-SHA256, empty aad.
 * @param entropy `HPKE_ENTROPY_BYTES` from the DRBG: the ephemeral key pair is a function of them
 * @throws for a public key that is none; `readRecipient` has looked
 */
export async function sealWithHpke(
  curve: RecipientCurve,
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  info: Uint8Array,
  entropy: Uint8Array,
  {
    aead = "AES-256-GCM",
    aad,
  }: { readonly aead?: keyof typeof AEAD; readonly aad?: Uint8Array } = {},
): Promise<HpkeMessage> {
  const kem = () => ({
    ...KEM[curve](),
    // The library's Encap makes its ephemeral pair by this; its own draws from the platform.
    GenerateKeyPair(this: ReturnType<(typeof KEM)[typeof curve]>, extractable: boolean) {
      return this.DeriveKeyPair(entropy, extractable);
    },
  });
  const suite = new CipherSuite(kem, KDF_HKDF_SHA256, AEAD[aead]);
  const recipient = await suite.DeserializePublicKey(publicKey);
  const { encapsulatedSecret, ciphertext } = await suite.Seal(recipient, plaintext, {
    info,
    ...(aad ? { aad } : {}),
  });
  const { KEM: used, KDF, AEAD: sealed } = suite;
  return { kem: used.id, kdf: KDF.id, aead: sealed.id, enc: encapsulatedSecret, ciphertext };
}
