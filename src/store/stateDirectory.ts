import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SpringhouseError } from "../port/errors.ts";
import { isBusy } from "./sqliteFailure.ts";

export const DATABASE_FILE = "springhouse.db";
const LOCK_FILE = "springhouse.lock";

/**
 * Makes the state directory (0700) and the database's file (0600) before SQLite sees them; its WAL
 * and shared memory take the file's mode. A directory that is not ours, open to others and full of
 * other things (somebody's home, /tmp) is refused rather than closed to its owners.
 * @throws SpringhouseError `store_failed`
 */
export function prepareStateDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory));
    if ((statSync(directory).mode & 0o077) !== 0) {
      const names = readdirSync(directory);
      if (names.length > 0 && !names.includes(DATABASE_FILE)) {
        throw new SpringhouseError(
          "store_failed",
          `The state directory ${directory} is open to other users and holds other files.`,
          "Name a directory of its own with --state, or `chmod 700` this one.",
        );
      }
      chmodSync(directory, 0o700);
    }
    for (const name of [DATABASE_FILE, LOCK_FILE]) makePrivate(join(directory, name));
  } catch (error) {
    if (error instanceof SpringhouseError) throw error;
    throw new SpringhouseError(
      "store_failed",
      `The state directory ${directory} cannot be used: ${(error as Error).message}`,
    );
  }
}

/**
 * With its parents. Not the platform's `recursive`, which never returns where the kernel says that a
 * parent which is there is not (below /proc).
 */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

/**
 * Exclusive creation, and a mode by path: opening and closing a file that SQLite holds would drop
 * every POSIX lock this process has on it (sqlite.org/howtocorrupt.html 2.2).
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    chmodSync(path, 0o600);
  }
}

/**
 * Takes the state directory for this process: an exclusive lock on a database of its own, so that
 * the data stays readable to `sqlite3` beside a running service. The kernel drops it with the
 * process, however that ends. Nothing is ever written, so a full disk does not matter.
 * @returns what releases it
 * @throws SpringhouseError `state_in_use`
 */
export function lockStateDirectory(directory: string): () => void {
  const lock = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    throw new SpringhouseError("state_in_use", `Another process uses ${directory}.`);
  }
  return () => lock.close();
}
