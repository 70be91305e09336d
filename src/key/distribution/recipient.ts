import { createPublicKey, hash } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { ExportScheme } from "../../port/key.ts";
import { agree } from "../operation/agreement.ts";

export type RecipientCurve = "X25519" | "P-256";

/** Whom a key is sealed to. */
export type Recipient =
  | {
      readonly scheme: "hpke" | "jwe";
      readonly curve: RecipientCurve;
      /** 32 bytes, or SEC 1's uncompressed point. */
      readonly publicKey: Uint8Array;
      /** JWK thumbprint (RFC 7638, SHA-256) in hexadecimal: its name in intents, `info` and the log. */
      readonly digest: string;
    }
  | {
      readonly scheme: "age";
      /** As age writes it. */
      readonly recipient: string;
      /** SHA-256 of that line, in hexadecimal. */
      readonly digest: string;
    };

/** The longest that is read: an `age1pq1` recipient has 1,959 characters, a PEM far fewer. */
export const RECIPIENT_CHARACTERS = 4096;

/**
 * Reads a recipient's public key: a PEM (SubjectPublicKeyInfo) or a JWK for `hpke` and `jwe`, of X25519
 * or P-256; an `age1...` line for `age`.
 * @returns a Refusal `invalid_parameter` for anything else, a private key and a point of low order too
 */
export function readRecipient(scheme: ExportScheme, text: string): Recipient | Refusal {
  const given = text.trim();
  if (given.length > RECIPIENT_CHARACTERS) return invalid("it is too long");
  if (scheme === "age") return readAgeRecipient(given);
  const key = given.startsWith("{") ? readJwk(given) : readPem(given);
  if (key === "private")
    return invalid("it holds a private key, which is for its owner alone", {
      remedy: "Make a new key pair, and send its public half alone.",
    });
  if (key === null) return invalid("it is neither a public key in PEM nor a public JWK");
  const jwk = key.export({ format: "jwk" });
  const curve = curveOf(jwk);
  if (curve === null) return invalid("its curve is neither X25519 nor P-256");
  const publicKey = rawOf(jwk);
  // RFC 7748 6.1: with a point of low order everybody knows the secret. Any scalar shows it.
  if (curve === "X25519" && agree("X25519", Buffer.alloc(32, 1), publicKey) === null)
    return invalid("it is a point of low order");
  return { scheme, curve, publicKey, digest: thumbprintOf(jwk) };
}

function readAgeRecipient(text: string): Recipient | Refusal {
  // What stands inside is age's to check, when it seals: bech32 has a checksum.
  if (/^age1(?:pq1|tag1|tagpq1)?[02-9ac-hj-np-z]+$/.test(text))
    return { scheme: "age", recipient: text, digest: hash("sha256", text, "hex") };
  if (/^AGE-SECRET-KEY-/i.test(text))
    return invalid("it holds a private identity, which is for its owner alone", {
      remedy: "Make a new identity with age-keygen, and send its recipient (age1...) alone.",
    });
  return invalid("it is no age recipient (age1...)");
}

function readPem(text: string): KeyObject | "private" | null {
  // createPublicKey would take a private key too, and make the public one of it.
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text)) return "private";
  if (!text.startsWith("-----BEGIN PUBLIC KEY-----")) return null;
  return keyFrom(() => createPublicKey(text));
}

function readJwk(text: string): KeyObject | "private" | null {
  let jwk: unknown;
  try {
    jwk = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof jwk !== "object" || jwk === null) return null;
  if ("d" in jwk || "k" in jwk || "priv" in jwk) return "private";
  return keyFrom(() => createPublicKey({ key: jwk as JsonWebKey, format: "jwk" }));
}

function keyFrom(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function curveOf({ kty, crv }: JsonWebKey): RecipientCurve | null {
  if (kty === "OKP" && crv === "X25519") return "X25519";
  return kty === "EC" && crv === "P-256" ? "P-256" : null;
}

function rawOf({ x, y }: JsonWebKey): Uint8Array {
  const [first, second] = [x, y].map((part) => Buffer.from(part ?? "", "base64url"));
  return y === undefined ? first! : Buffer.concat([Buffer.of(4), first!, second!]);
}

/** RFC 7638 3: the required members, in the order of their names. */
function thumbprintOf({ crv, kty, x, y }: JsonWebKey): string {
  return hash("sha256", JSON.stringify({ crv, kty, x, y }), "hex");
}

function invalid(detail: string, more: { readonly remedy?: string } = {}): Refusal {
  return refuse("invalid_parameter", `recipient: ${detail}.`, {
    remedy: "Send a public key: PEM or JWK of X25519 or P-256, or an age recipient.",
    ...more,
  });
}
