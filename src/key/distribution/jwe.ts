import { createPublicKey } from "node:crypto";
import { deriveEc } from "../derive/ecdsa.ts";
import { privateKeyObject } from "../operation/privateKey.ts";
import { publicPem } from "../operation/publicKey.ts";
import type { RecipientCurve } from "./recipient.ts";

/** What the ephemeral pair is derived of, as for a key of its type; the content key; GCM's 96-bit IV. */
const EPHEMERAL_BYTES = { X25519: 32, "P-256": 48 } as const;
const CONTENT_KEY_BYTES = 32;
const IV_BYTES = 12;

export function jweEntropyBytes(curve: RecipientCurve): number {
  return EPHEMERAL_BYTES[curve] + CONTENT_KEY_BYTES + IV_BYTES;
}

/**
 * RFC 7516 compact serialisation: ECDH-ES+A256KW, A256GCM, with a JWK inside (RFC 7517 7).
 * @param recipient its digest: the recipient's `apv` (RFC 7518 4.6.1.3), bound into the derived key
 * @param entropy `jweEntropyBytes` from the DRBG: ephemeral pair, content key and IV
 */
export async function sealAsJwe(
  curve: RecipientCurve,
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  { kid, recipient }: { readonly kid: string; readonly recipient: string },
  entropy: Uint8Array,
): Promise<string> {
  if (entropy.length !== jweEntropyBytes(curve)) throw new RangeError("not the entropy of a JWE");
  const ephemeral = EPHEMERAL_BYTES[curve];
  const contentKey = entropy.slice(ephemeral, ephemeral + CONTENT_KEY_BYTES);
  const secret =
    curve === "X25519"
      ? entropy.slice(0, ephemeral)
      : deriveEc(curve, entropy.slice(0, ephemeral)).secret;
  try {
    // Loaded with the first key that leaves: most services never export one.
    const { CompactEncrypt } = await import("jose");
    // The library calls these setters fit for tests alone, because whoever gives the same values twice
    // breaks the encryption. Ours are of one draw each, which is what they are here for.
    return await new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: "ECDH-ES+A256KW", enc: "A256GCM", cty: "jwk+json", kid })
      .setKeyManagementParameters({
        epk: privateKeyObject(curve, secret),
        apv: Buffer.from(recipient),
      })
      .setContentEncryptionKey(contentKey)
      .setInitializationVector(entropy.slice(ephemeral + CONTENT_KEY_BYTES))
      .encrypt(createPublicKey(publicPem(curve, publicKey)));
  } finally {
    contentKey.fill(0);
    secret.fill(0);
  }
}
