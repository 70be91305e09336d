import { deriveEc } from "../../../../src/key/derive/ecdsa.ts";
import { deriveX25519 } from "../../../../src/key/derive/edwards.ts";
import { encodeKey } from "../../../../src/key/encode.ts";
import { privateKeyPem, publicKeyPem } from "../../../../src/key/pem.ts";
import { readRecipient } from "../../../../src/key/distribution/recipient.ts";
import type { Recipient, RecipientCurve } from "../../../../src/key/distribution/recipient.ts";
import { predictable } from "../supply.ts";
import type { ExportScheme } from "../../../../src/port/key.ts";

export const CURVES = ["X25519", "P-256"] as const;

/** A recipient's pair that a test can name by a number. */
export function pairOf(curve: RecipientCurve, number: number) {
  const seed = predictable(number, 48);
  const material = curve === "X25519" ? deriveX25519(seed.subarray(0, 32)) : deriveEc(curve, seed);
  const { key, publicKey } = encodeKey(material, "jwk");
  return {
    secret: material.secret,
    publicKey: material.publicKey,
    privateJwk: JSON.stringify(key),
    publicJwk: JSON.stringify(publicKey),
    privatePem: privateKeyPem(material),
    publicPem: publicKeyPem(material),
  };
}

export function recipientFor(scheme: ExportScheme, text: string): Recipient {
  const recipient = readRecipient(scheme, text);
  if ("ok" in recipient) throw new Error(recipient.detail);
  return recipient;
}

/** A recipient of a curve, of one of the schemes that have one. */
export function curveRecipient(scheme: "hpke" | "jwe", text: string) {
  const recipient = recipientFor(scheme, text);
  if (recipient.scheme === "age") throw new Error("an age recipient has no curve");
  return recipient;
}
