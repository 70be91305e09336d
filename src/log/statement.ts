import { canonicalJson } from "./canonicalJson.ts";
import { openNote, signNote } from "./signedNote.ts";
import type { Signer, Verifier } from "./signer.ts";

/** What the service itself saw or made, so that it can answer for it. */
export const STATEMENT_KINDS = ["capture", "assessment", "drill"] as const;
export type StatementKind = (typeof STATEMENT_KINDS)[number];

/** Facts of a statement: JSON, and no secret among it. */
export type Facts = Readonly<Record<string, unknown>>;

/** Makes a signed note of facts; what a room is given that must not know the signer. */
export type Attest = (statement: StatementKind, facts: Facts) => string;

/**
 * A signed note (C2SP) whose text is one line of canonical JSON. `statement` stands in it, so that what
 * was signed as one thing is never taken for another; a checkpoint has another form altogether.
 */
export function attestWith(signer: Signer): Attest {
  return (statement, facts) =>
    signNote(`${canonicalJson({ ...facts, v: 1, statement })}\n`, [signer]);
}

/** The facts that this key has signed as `statement`; null for anything else. */
export function openStatement(
  note: string,
  statement: StatementKind,
  verifier: Verifier,
): Facts | null {
  const text = openNote(note, verifier);
  if (text === null) return null;
  try {
    const facts: unknown = JSON.parse(text);
    if (typeof facts !== "object" || facts === null || Array.isArray(facts)) return null;
    const { v, statement: is } = facts as Record<string, unknown>;
    return v === 1 && is === statement && `${canonicalJson(facts)}\n` === text
      ? (facts as Facts)
      : null;
  } catch {
    return null;
  }
}
