import { createPublicKey, hash, verify } from "node:crypto";
import { parseNote } from "./signedNote.ts";
import { isKeyName } from "./signer.ts";

/*
 * C2SP tlog-cosignature: a witness signs a checkpoint with the time at which it saw that it continues
 * the one before. In the note it is a signature of type 0x04: key id, time in 8 bytes, Ed25519.
 */

const COSIGNATURE_V1 = 0x04;
const KEY_BYTES = 32;
const TIME_BYTES = 8;
/** DER of RFC 8410 up to the key itself. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** The public key of a witness, NAME+ID+base64(0x04 || public key). */
export interface WitnessKey {
  readonly name: string;
  readonly text: string;
  /**
   * @param note a checkpoint with its signatures
   * @returns when it was cosigned, in Unix seconds; null where it has no good cosignature of this key
   */
  cosigned(note: string): number | null;
}

/** @returns null for what is no key of a witness, or whose id is not the key's */
export function parseWitnessKey(text: string): WitnessKey | null {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim()) ?? [];
  if (name === undefined || encoded === undefined || !isKeyName(name)) return null;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded || bytes.length !== 1 + KEY_BYTES) return null;
  const keyId = hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), bytes]), "buffer");
  if (bytes[0] !== COSIGNATURE_V1 || keyId.subarray(0, 4).toString("hex") !== id) return null;
  const der = Buffer.concat([SPKI, bytes.subarray(1)]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return {
    name,
    text: text.trim(),
    cosigned(note) {
      const parsed = parseNote(note);
      for (const one of parsed?.signatures ?? []) {
        if (one.name !== name || one.keyId.toString("hex") !== id) continue;
        const { signature } = one;
        if (signature.length <= TIME_BYTES) continue;
        const time = signature.readBigUInt64BE();
        const message = Buffer.from(`cosignature/v1\ntime ${time}\n${parsed!.text}`);
        if (verify(null, message, key, signature.subarray(TIME_BYTES))) return Number(time);
      }
      return null;
    },
  };
}

/** The cosignatures that a witness has answered with, on a note. @returns null for anything else */
export function withCosignatures(note: string, answer: string): string | null {
  const cosigned = `${note}${answer}`;
  const [before, after] = [parseNote(note), parseNote(cosigned)];
  const more = (after?.signatures.length ?? 0) > (before?.signatures.length ?? 0);
  return more && after?.text === before?.text ? cosigned : null;
}
