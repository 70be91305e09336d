import { NONCE_BYTES, TAG_BYTES, gcmDecrypt, gcmEncrypt } from "../aes/gcm.ts";

/*
 * A ciphertext says what opens it, so that nobody has to keep a version beside it:
 *
 *   "SPH" 01 | algorithm (1) | version (4) | length of the key's id (1) | id | nonce (12) | text, tag
 *
 * All before the nonce is authenticated, together with the context. The caller chooses none of it.
 */
const MAGIC = Buffer.from([0x53, 0x50, 0x48, 0x01]);
const AES_256_GCM = 1;
const FIXED_BYTES = MAGIC.length + 1 + 4 + 1;
const LONGEST_ID = 64;

/** What a ciphertext is bound to besides its key: names and values of the caller's choosing. */
export type Context = Readonly<Record<string, string>>;

export interface CiphertextHeader {
  readonly key: string;
  readonly version: number;
}

export interface Ciphertext extends CiphertextHeader {
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  /** With the tag at its end. */
  readonly text: Uint8Array;
}

/** @param nonce 12 bytes that the version never used before */
export function encryptTo(
  { key, version }: CiphertextHeader,
  secret: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  context: Context,
): Uint8Array {
  const header = writeHeader(key, version);
  const associated = associatedData(header, context);
  return gcmEncrypt(secret, nonce, plaintext, associated, header, nonce);
}

/** @returns null when ciphertext, key or context is not the one that was encrypted */
export function decryptFrom(
  { header, nonce, text }: Ciphertext,
  secret: Uint8Array,
  context: Context,
): Uint8Array | null {
  return gcmDecrypt(secret, nonce, text, associatedData(header, context));
}

/** Takes a ciphertext apart without believing it. @returns null for what no `encryptTo` has made */
export function readCiphertext(bytes: Uint8Array): Ciphertext | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < FIXED_BYTES || !buffer.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (buffer[MAGIC.length] !== AES_256_GCM) return null;
  const version = buffer.readUInt32BE(MAGIC.length + 1);
  const idBytes = buffer[FIXED_BYTES - 1]!;
  const end = FIXED_BYTES + idBytes;
  if (idBytes === 0 || idBytes > LONGEST_ID || buffer.length < end + NONCE_BYTES + TAG_BYTES)
    return null;
  return {
    key: buffer.toString("latin1", FIXED_BYTES, end),
    version,
    header: buffer.subarray(0, end),
    nonce: buffer.subarray(end, end + NONCE_BYTES),
    text: buffer.subarray(end + NONCE_BYTES),
  };
}

/** Bytes that a ciphertext is longer than its plaintext. */
export function overheadBytes(key: string): number {
  return FIXED_BYTES + key.length + NONCE_BYTES + TAG_BYTES;
}

function writeHeader(key: string, version: number): Uint8Array {
  const header = Buffer.alloc(FIXED_BYTES + key.length);
  if (key.length === 0 || key.length > LONGEST_ID) throw new RangeError("a key's id is too long");
  MAGIC.copy(header);
  header[MAGIC.length] = AES_256_GCM;
  header.writeUInt32BE(version, MAGIC.length + 1);
  header[FIXED_BYTES - 1] = key.length;
  header.write(key, FIXED_BYTES, "latin1");
  return header;
}

/** The header says its own length, so that no two pairs of header and context give the same bytes. */
function associatedData(header: Uint8Array, context: Context): Uint8Array {
  return Buffer.concat([header, Buffer.from(canonicalContext(context), "utf8")]);
}

/** RFC 8785: JSON with the names in the order of their UTF-16 code units. */
function canonicalContext(context: Context): string {
  const names = Object.keys(context).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(context[name])}`).join(",")}}`;
}
