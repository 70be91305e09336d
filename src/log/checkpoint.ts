import { HASH_BYTES } from "./merkle.ts";
import { openNote, signNote } from "./signedNote.ts";
import type { Signer, Verifier } from "./signer.ts";

/** What a log says of itself at one size (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  /** Leaves. */
  readonly size: number;
  readonly root: Buffer;
  /** The signed note it was read from or written to. */
  readonly note: string;
}

/** The log's own key signs under the log's origin; while it hands over, the next one too. */
export function signCheckpoint(
  size: number,
  root: Uint8Array,
  ...signers: readonly [Signer, ...Signer[]]
): Checkpoint {
  const origin = signers[0].verifier.name;
  const text = `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
  return { origin, size, root: Buffer.from(root), note: signNote(text, signers) };
}

/** @returns null when it is no checkpoint of this key's log, or its signature is not good */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint | null {
  const text = openNote(note, verifier);
  const parsed = text === null ? null : parseCheckpoint(text);
  return parsed && parsed.origin === verifier.name ? { ...parsed, note } : null;
}

/** Lines after the third are extensions, which say nothing to us. */
export function parseCheckpoint(text: string): Omit<Checkpoint, "note"> | null {
  const [origin, digits, encoded, ...rest] = text.split("\n");
  if (origin === undefined || digits === undefined || encoded === undefined) return null;
  if (origin === "" || rest.length === 0) return null;
  const size = Number(digits);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(size)) return null;
  const root = Buffer.from(encoded, "base64");
  if (root.toString("base64") !== encoded || root.length !== HASH_BYTES) return null;
  return { origin, size, root };
}
