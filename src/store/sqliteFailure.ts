import { SpringhouseError } from "../port/errors.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_RANGE = 25;
const SQLITE_FULL = 13;

function primaryCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** True where the statement's values are at fault, and neither the database nor the disk. */
export function isCallersFault(error: unknown): boolean {
  const code = primaryCode(error);
  // node:sqlite's own refusals (a value of a type it cannot bind) carry no result code.
  if (code === null) return true;
  return [SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE].includes(code);
}

/**
 * After a full disk the connection is as good as before, and reads go on. After anything else (an
 * I/O error, a failed fsync) nothing in its cache can be trusted, and the database is opened anew.
 */
export function needsReopen(error: unknown): boolean {
  const code = primaryCode(error);
  return code !== SQLITE_FULL && code !== SQLITE_BUSY;
}

/** What a failure is called in the catalogue. SQLite's messages name columns, never values. */
export function asSpringhouseError(error: unknown, during: string): SpringhouseError {
  if (error instanceof SpringhouseError) return error;
  const code = (error as { errcode?: unknown } | null)?.errcode;
  const message = error instanceof Error ? error.message : "unknown failure";
  const detail = `${during}: ${message}${typeof code === "number" ? ` (SQLite ${code})` : ""}`;
  return new SpringhouseError(isCallersFault(error) ? "internal" : "store_failed", detail);
}
