import { createPublicKey, hash, verify, type KeyObject } from "node:crypto";
import { SshReader } from "./sshWire.ts";

/** What a custodian signs with. The two that begin with `sk-` are on a FIDO token. */
export const SSH_KEY_TYPES = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;
type SshKeyType = (typeof SSH_KEY_TYPES)[number];

/** A public key as OpenSSH writes it. */
export interface SshPublicKey {
  readonly type: SshKeyType;
  /** `SHA256:` and 43 characters of base64, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  /** `TYPE BASE64`, without a comment: the one text of this key. */
  readonly line: string;
  /** @param signature as it is on the wire, its algorithm's name included */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** DER of a SubjectPublicKeyInfo up to the key itself: RFC 8410, and RFC 5480 for P-256. */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");
const P256_SPKI = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
const ED25519_BYTES = 32;
const P256_POINT_BYTES = 65;
const ED25519_SIGNATURE_BYTES = 64;
/** Somebody touched the token (PROTOCOL.u2f: flags of the authenticator data). */
const USER_PRESENT = 0x01;

/**
 * Reads a line of an `id_*.pub` file; a comment after the key is passed over.
 * @returns null for what is no key of `SSH_KEY_TYPES`
 */
export function parseSshPublicKey(text: string): SshPublicKey | null {
  const [name, encoded] = text.trim().split(/\s+/);
  if (name === undefined || encoded === undefined || encoded.length > 2000) return null;
  const blob = Buffer.from(encoded, "base64");
  if (blob.toString("base64") !== encoded) return null;
  const key = readSshPublicKey(blob);
  return key?.type === name ? key : null;
}

/** @param blob a public key on the wire (RFC 4253 6.6) */
export function readSshPublicKey(blob: Uint8Array): SshPublicKey | null {
  const reader = new SshReader(blob);
  const name = reader.name();
  const type = SSH_KEY_TYPES.find((known) => known === name);
  if (!type) return null;
  const isEcdsa = type.includes("ecdsa");
  if (isEcdsa && reader.name() !== "nistp256") return null;
  const point = reader.string();
  const application = type.startsWith("sk-") ? reader.string() : null;
  if (point === null || !reader.atEnd || type.startsWith("sk-") !== (application !== null))
    return null;
  if (point.length !== (isEcdsa ? P256_POINT_BYTES : ED25519_BYTES)) return null;
  let key: KeyObject;
  try {
    const der = Buffer.concat([isEcdsa ? P256_SPKI : ED25519_SPKI, point]);
    key = createPublicKey({ key: der, format: "der", type: "spki" });
  } catch {
    // A point that is not on the curve.
    return null;
  }
  const check = isEcdsa ? ecdsa(key) : ed25519(key);
  return {
    type,
    fingerprint: `SHA256:${hash("sha256", blob, "base64").replace(/=+$/, "")}`,
    line: `${type} ${Buffer.from(blob).toString("base64")}`,
    verify(message, signature) {
      const read = new SshReader(signature);
      if (read.name() !== type) return false;
      const inner = read.string();
      if (inner === null) return false;
      if (application === null) return read.atEnd && check(message, inner);
      const rest = read.take(5);
      if (rest === null || !read.atEnd || (rest[0]! & USER_PRESENT) === 0) return false;
      // PROTOCOL.u2f: the token signs hashes of the application and the message, flags and counter.
      const [app, digest] = [application, message].map((part) => hash("sha256", part, "buffer"));
      return check(Buffer.concat([app!, rest, digest!]), inner);
    },
  };
}

type Check = (message: Uint8Array, signature: Uint8Array) => boolean;

function ed25519(key: KeyObject): Check {
  return (message, signature) =>
    signature.length === ED25519_SIGNATURE_BYTES && verify(null, message, key, signature);
}

/** RFC 5656 3.1.2: two integers; SHA-256 for this curve (6.2.1). */
function ecdsa(key: KeyObject): Check {
  return (message, signature) => {
    const reader = new SshReader(signature);
    const [r, s] = [integer(reader.string()), integer(reader.string())];
    if (r === null || s === null || !reader.atEnd) return false;
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    return verify("sha256", message, options, Buffer.concat([r, s]));
  };
}

/** A positive mpint of at most 256 bits in the one way to write it, as 32 bytes. */
function integer(bytes: Buffer | null): Buffer | null {
  if (bytes === null || bytes.length === 0 || bytes[0]! >= 0x80) return null;
  if (bytes[0] === 0 && (bytes.length === 1 || bytes[1]! < 0x80)) return null;
  const digits = bytes[0] === 0 ? bytes.subarray(1) : bytes;
  return digits.length > 32 ? null : Buffer.concat([Buffer.alloc(32 - digits.length), digits]);
}
