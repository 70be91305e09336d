import { hash } from "node:crypto";

/** 256 bits: nothing to guess, so one SHA-256 without salt or stretching is enough to store it. */
export const TOKEN_SECRET_BYTES = 32;
const PREFIX = "sph_";
/** 32 bytes are 43 characters of base64url; the last carries 4 bits, so only every fourth letter. */
const TOKEN = /^sph_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const TEXT_LENGTH = PREFIX.length + 43;

/** @param secret 32 bytes */
export function formatToken(secret: Uint8Array): string {
  if (secret.length !== TOKEN_SECRET_BYTES) throw new RangeError("a token has 32 secret bytes");
  return (
    PREFIX + Buffer.from(secret.buffer, secret.byteOffset, secret.length).toString("base64url")
  );
}

export function isToken(text: string): boolean {
  return text.length === TEXT_LENGTH && TOKEN.test(text);
}

/** SHA-256 of the token's text, in hex: the only form in which a token is kept. */
export function digestToken(text: string): string {
  return hash("sha256", text, "hex");
}

const BEARER = "bearer ";

/**
 * The token in an Authorization header, or null when there is none of the right form. The scheme is
 * case-insensitive (RFC 9110 11.1), one space follows it.
 */
export function readBearer(header: string): string | null {
  if (header.length !== BEARER.length + TEXT_LENGTH) return null;
  if (header.slice(0, BEARER.length).toLowerCase() !== BEARER) return null;
  const text = header.slice(BEARER.length);
  return TOKEN.test(text) ? text : null;
}
