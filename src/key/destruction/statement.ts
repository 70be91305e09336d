import { hash } from "node:crypto";
import { canonicalJson } from "../../log/canonicalJson.ts";
import { signNote } from "../../log/signedNote.ts";
import type { Signer } from "../../log/signer.ts";
import type { DestructionStatement, EndedSlot } from "../../port/destruction.ts";

/** First line of the note: what is signed here can be taken for no checkpoint. */
export const STATEMENT_HEAD = "springhouse destruction statement v1";
const SCOPE =
  "What was done, and that stored copies cannot be decrypted as far as each slot's keeper keeps its promise. Copies of the key that were exported, this machine's memory and sectors that a disk set aside are outside of it.";

/** The weakest of all that could still open the old epoch. */
export function assuranceOf(
  slots: readonly EndedSlot[],
  backups: DestructionStatement["backups"],
  writeAheadLogEmptied: boolean,
): DestructionStatement["assurance"] {
  const allHardware = slots.length > 0 && slots.every(({ assurance }) => assurance === "hardware");
  return allHardware && backups.length === 0 && writeAheadLogEmptied ? "hardware" : "best-effort";
}

export interface SignedStatement {
  readonly note: string;
  /** SHA-256 of what was signed, hexadecimal. */
  readonly digest: string;
}

export function signStatement(
  facts: Omit<DestructionStatement, "v" | "assurance" | "scope">,
  signer: Signer,
): SignedStatement {
  const { slots, backups, writeAheadLogEmptied } = facts;
  const assurance = assuranceOf(slots, backups, writeAheadLogEmptied);
  const statement: DestructionStatement = { ...facts, v: 1, assurance, scope: SCOPE };
  const text = `${STATEMENT_HEAD}\n${canonicalJson(statement)}\n`;
  return { note: signNote(text, [signer]), digest: hash("sha256", text, "hex") };
}
