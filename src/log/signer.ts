import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from "node:crypto";

/*
 * Ed25519 keys as C2SP signed-note and its Go implementation write them: a verifier key is
 * NAME+ID+base64(0x01 || public key), a signer key PRIVATE+KEY+NAME+ID+base64(0x01 || seed), where ID is
 * the first four bytes of SHA-256(NAME || LF || 0x01 || public key) in hexadecimal.
 */

const ED25519 = 0x01;
const KEY_BYTES = 32;
const SIGNER_PREFIX = "PRIVATE+KEY+";
/** DER of RFC 8410 up to the key itself. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** The public half: checks what was signed under its name. */
export interface Verifier {
  readonly name: string;
  /** Four bytes. */
  readonly keyId: Buffer;
  /** The text form, public. */
  readonly verifierKey: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Signs under its name. There is no way to get the key out of it. */
export interface Signer {
  readonly verifier: Verifier;
  /** @returns 64 bytes, the same for the same message (RFC 8032) */
  sign(message: Uint8Array): Uint8Array;
}

/** Names are not empty, and hold neither blanks nor plus signs nor control characters. */
export function isKeyName(name: string): boolean {
  return name.length <= 255 && /^[^\s+\p{Cc}]+$/u.test(name) && name.isWellFormed();
}

function keyIdOf(name: string, publicKey: Uint8Array): Buffer {
  const message = Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(ED25519), publicKey]);
  return hash("sha256", message, "buffer").subarray(0, 4);
}

function verifierOf(name: string, publicKey: Buffer): Verifier {
  const key: KeyObject = createPublicKey({
    key: Buffer.concat([SPKI, publicKey]),
    format: "der",
    type: "spki",
  });
  const keyId = keyIdOf(name, publicKey);
  const encoded = Buffer.concat([Uint8Array.of(ED25519), publicKey]).toString("base64");
  return {
    name,
    keyId,
    verifierKey: `${name}+${keyId.toString("hex")}+${encoded}`,
    verify: (message, signature) => verify(null, message, key, signature),
  };
}

/** @param seed 32 bytes, RFC 8032's private key; the caller overwrites them */
export function signerOf(name: string, seed: Uint8Array): Signer {
  if (!isKeyName(name)) throw new RangeError("no name for a key");
  if (seed.length !== KEY_BYTES) throw new RangeError("an Ed25519 seed has 32 bytes");
  const der = Buffer.concat([PKCS8, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    verifier: verifierOf(name, publicKey.subarray(SPKI.length)),
    sign: (message) => sign(null, message, key),
  };
}

/** The secret text form, for a key file. */
export function formatSignerKey(name: string, seed: Uint8Array): string {
  const { keyId } = signerOf(name, seed).verifier;
  const encoded = Buffer.concat([Uint8Array.of(ED25519), seed]).toString("base64");
  return `${SIGNER_PREFIX}${name}+${keyId.toString("hex")}+${encoded}`;
}

function readKey(text: string): { readonly name: string; readonly id: string; key: Buffer } | null {
  const [name, id, encoded, ...more] = text.split("+", 2).concat(afterSecondPlus(text));
  if (name === undefined || id === undefined || encoded === undefined || more.length > 0)
    return null;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded || bytes.length !== 1 + KEY_BYTES) return null;
  if (!isKeyName(name) || bytes[0] !== ED25519 || !/^[0-9a-f]{8}$/.test(id)) return null;
  return { name, id, key: bytes.subarray(1) };
}

/** Base64 may hold plus signs itself. */
function afterSecondPlus(text: string): string[] {
  const second = text.indexOf("+", text.indexOf("+") + 1);
  return second < 0 ? [] : [text.slice(second + 1)];
}

/** @returns null for what is no Ed25519 verifier key, or whose id is not the key's */
export function parseVerifierKey(text: string): Verifier | null {
  const read = readKey(text.trim());
  if (!read) return null;
  const verifier = verifierOf(read.name, read.key);
  return verifier.keyId.toString("hex") === read.id ? verifier : null;
}

/** @returns null for what is no Ed25519 signer key, or whose id is not the key's */
export function parseSignerKey(text: string): Signer | null {
  const line = text.trim();
  const read = line.startsWith(SIGNER_PREFIX) ? readKey(line.slice(SIGNER_PREFIX.length)) : null;
  if (!read) return null;
  const signer = signerOf(read.name, read.key);
  read.key.fill(0);
  return signer.verifier.keyId.toString("hex") === read.id ? signer : null;
}
