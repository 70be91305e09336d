import type { Signer, Verifier } from "./signer.ts";

/*
 * C2SP signed-note: a text that ends with a line feed, an empty line, and a line for each signature,
 * "— NAME base64(key id || signature)".
 */

/** A note that somebody could send us without end is not read. */
const MAXIMUM_CHARACTERS = 1_000_000;
const MAXIMUM_SIGNATURES = 100;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

export interface SignedNote {
  /** What was signed, its last line feed included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** @throws RangeError for a text that cannot be a note's */
export function signNote(text: string, signers: readonly Signer[]): string {
  if (!isNoteText(text)) throw new RangeError("a note's text ends with a line feed");
  const message = Buffer.from(text);
  const lines = signers.map((signer) => {
    const { name, keyId } = signer.verifier;
    const signature = Buffer.concat([keyId, signer.sign(message)]);
    return `— ${name} ${signature.toString("base64")}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/** @returns null for what is no signed note; says nothing of whether a signature is good */
export function parseNote(note: string): SignedNote | null {
  if (note.length > MAXIMUM_CHARACTERS || !note.endsWith("\n")) return null;
  const end = note.lastIndexOf("\n\n");
  if (end < 0) return null;
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split("\n");
  if (!isNoteText(text) || lines.length > MAXIMUM_SIGNATURES) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    if (name === undefined || encoded === undefined) return null;
    const bytes = Buffer.from(encoded, "base64");
    if (bytes.length < 5 || bytes.toString("base64") !== encoded) return null;
    signatures.push({ name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) });
  }
  return { text, signatures };
}

/**
 * The text of a note that this key has signed. Signatures of other keys are passed over, as the
 * specification asks; a bad one of this key spoils the note.
 */
export function openNote(note: string, verifier: Verifier): string | null {
  const parsed = parseNote(note);
  if (!parsed) return null;
  const own = parsed.signatures.filter(
    ({ name, keyId }) => name === verifier.name && keyId.equals(verifier.keyId),
  );
  const message = Buffer.from(parsed.text);
  const good = own.length > 0 && own.every(({ signature }) => verifier.verify(message, signature));
  return good ? parsed.text : null;
}

/** No control characters but line feeds, and no half of a surrogate pair. */
function isNoteText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.endsWith("\n") && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}
