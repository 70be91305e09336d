import { signNote, openNote } from "./signedNote.ts";
import { parseVerifierKey, type Signer, type Verifier } from "./signer.ts";

/*
 * That another key goes on with a log: a signed note (C2SP) of both, so that whoever trusts one of them
 * comes to the other.
 */

/** First line of the note: what is signed here can be taken for no checkpoint. */
const HEAD = "springhouse log key v1";
const NOTE = new RegExp(`^${HEAD}\\n[^\\n]+\\n[^\\n]+\\n\\n(?:— [^\\n]+\\n){2}`, "gm");

export interface Handover {
  readonly from: Verifier;
  readonly to: Verifier;
}

export function signHandover(from: Signer, to: Signer): string {
  const text = `${HEAD}\n${from.verifier.verifierKey}\n${to.verifier.verifierKey}\n`;
  return signNote(text, [from, to]);
}

/** @returns null for what is no hand-over between two keys of one log, or not signed by both */
export function openHandover(note: string): Handover | null {
  const [head, one, other, ...rest] = note.split("\n");
  if (head !== HEAD || rest[0] !== "") return null;
  const from = parseVerifierKey(one ?? "");
  const to = parseVerifierKey(other ?? "");
  if (!from || !to || from.name !== to.name || from.verifierKey === to.verifierKey) return null;
  return openNote(note, from) !== null && openNote(note, to) !== null ? { from, to } : null;
}

/** The hand-overs in a text to which they were appended. */
export function handoversIn(text: string): string[] {
  return text.match(NOTE) ?? [];
}
