import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint } from "../log/checkpoint.ts";
import { handoversIn } from "../log/handover.ts";
import { VERIFIER_FILE } from "../log/keyFile.ts";
import { keyringOf, openWith, type Keyring } from "../log/keyring.ts";
import { parseVerifierKey, type Verifier } from "../log/signer.ts";
import { notesIn } from "./notesIn.ts";
import type { KeptCheckpoint, LogCopy } from "./verifyLog.ts";

export const CHECKPOINT_FILE = "checkpoint";
/** The notes by which one key of the log handed over to the next. */
export const HANDOVERS_FILE = "handovers";
/** Checkpoints of earlier exports to the same directory. */
export const KEPT_FOLDER = "checkpoints";

/** A copy of a log that cannot even be looked at: why, and what to do about it. */
export class UnusableCopy extends Error {
  readonly remedy: string;

  constructor(detail: string, remedy: string) {
    super(detail);
    this.name = "UnusableCopy";
    this.remedy = remedy;
  }
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * The key that checkpoints are checked with.
 * @param given the key itself or a file that holds it; null for the one in the copy, which proves no
 *   more than that the copy agrees with itself
 * @throws UnusableCopy
 */
export function findVerifier(directory: string, given: string | null): Verifier {
  const inText = given === null ? null : parseVerifierKey(given);
  if (inText) return inText;
  const path = given ?? join(directory, VERIFIER_FILE);
  const text = readOrNull(path);
  const verifier = text && parseVerifierKey(text.toString());
  if (verifier) return verifier;
  throw new UnusableCopy(
    text === null ? `there is no ${path}` : `${path} holds no key of a log`,
    "Give the log's key with --vkey: STATE/log.vkey, or the text in it.",
  );
}

/**
 * @param verifier a key that is trusted; by the copy's hand-overs it leads to the others of the log
 * @throws UnusableCopy
 */
export function openCopy(directory: string, verifier: Verifier): LogCopy {
  const path = join(directory, CHECKPOINT_FILE);
  const note = readOrNull(path);
  const handovers = readOrNull(join(directory, HANDOVERS_FILE))?.toString() ?? "";
  const keyring = keyringOf(verifier, handoversIn(handovers));
  const checkpoint = note && openWith(keyring, (key) => openCheckpoint(note.toString(), key));
  if (!checkpoint)
    throw new UnusableCopy(
      note === null ? `there is no ${path}` : `${path} is not signed by ${verifier.name}`,
      "Name a directory that `springhouse log export` wrote, and the key of that log.",
    );
  return { checkpoint, keyring, read: (name) => readOrNull(join(directory, name)) };
}

/**
 * Every checkpoint in some files, a witness's for one. A note that none of these keys signed is passed
 * over; a file without any is a fault.
 * @throws UnusableCopy
 */
export function keptIn(files: readonly string[], keyring: Keyring): KeptCheckpoint[] {
  const { origin } = keyring;
  return files.flatMap((name) => {
    const text = readOrNull(name);
    const found = notesIn(text?.toString() ?? "", origin).flatMap((note) => {
      const checkpoint = openWith(keyring, (key) => openCheckpoint(note, key));
      return checkpoint ? [{ name, checkpoint }] : [];
    });
    if (found.length > 0) return found;
    throw new UnusableCopy(
      text === null ? `there is no ${name}` : `${name} holds no checkpoint signed by ${origin}`,
      "Give a file with checkpoints of this very log.",
    );
  });
}

/** The files of checkpoints that earlier exports left beside the copy. */
export function keptBeside(directory: string): string[] {
  const folder = join(directory, KEPT_FOLDER);
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
