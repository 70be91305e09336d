import { hash } from "node:crypto";
import { readSshPublicKey, type SshPublicKey } from "./sshKey.ts";
import { SshReader, sshString } from "./sshWire.ts";

/*
 * OpenSSH's PROTOCOL.sshsig: what `ssh-keygen -Y sign` writes. The signature is over the namespace and a
 * hash of the message, so one made for another use (a commit, a file) is none here.
 */

const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";
const MAGIC = Buffer.from("SSHSIG");
const VERSION = 1;
const HASHES = ["sha256", "sha512"] as const;
/** A signature of the types that are taken has some 300. */
const MAXIMUM_BYTES = 2000;
/** As ssh-keygen breaks its lines. */
const LINE = 70;

export interface SshSignature {
  readonly key: SshPublicKey;
  readonly namespace: string;
  /** The whole of it, in binary. */
  readonly blob: Buffer;
  /** Whether this key made it over these bytes. */
  isOver(message: Uint8Array): boolean;
}

/** @returns null for what is no signature by a key of `SSH_KEY_TYPES` */
export function parseSshSignature(armored: string): SshSignature | null {
  const text = armored.trim();
  if (text.length > 2 * MAXIMUM_BYTES || !text.startsWith(BEGIN) || !text.endsWith(END))
    return null;
  const encoded = text.slice(BEGIN.length, -END.length).replaceAll(/\s/g, "");
  const blob = Buffer.from(encoded, "base64");
  return blob.toString("base64") === encoded ? readSshSignature(blob) : null;
}

export function readSshSignature(blob: Buffer): SshSignature | null {
  const reader = new SshReader(blob);
  if (!reader.take(MAGIC.length)?.equals(MAGIC) || reader.uint32() !== VERSION) return null;
  const publicKey = reader.string();
  const namespace = reader.string();
  const reserved = reader.string();
  const named = reader.name();
  const signature = reader.string();
  if (publicKey === null || namespace === null || reserved === null || signature === null)
    return null;
  const key = readSshPublicKey(publicKey);
  const algorithm = HASHES.find((known) => known === named);
  if (!key || !algorithm || !reader.atEnd) return null;
  return {
    key,
    namespace: namespace.toString("utf8"),
    blob,
    isOver(message) {
      const digest = hash(algorithm, message, "buffer");
      const parts = [namespace, reserved, algorithm, digest].map(sshString);
      return key.verify(Buffer.concat([MAGIC, ...parts]), signature);
    },
  };
}

export function armorSshSignature(blob: Uint8Array): string {
  const lines = Buffer.from(blob)
    .toString("base64")
    .match(new RegExp(`.{1,${LINE}}`, "g"));
  return `${[BEGIN, ...(lines ?? []), END].join("\n")}\n`;
}
