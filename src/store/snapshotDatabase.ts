import { chmod, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { asSpringhouseError } from "./sqliteFailure.ts";
import { DATABASE_FILE } from "./stateDirectory.ts";

/** All of it in one step: between steps of a few pages each, a write would make it begin anew. */
const ALL_PAGES = 2 ** 31 - 1;

/** As `Backups` names them, and SQLite their journal. */
const SNAPSHOT = /^bk-[0-9a-f]{16}-[0-9]+\.tmp(-journal)?$/;

/** Takes away the copies that a crash has left: what is destroyed later must not live on in them. */
export async function removeSnapshots(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (SNAPSHOT.test(name)) await rm(join(directory, name), { force: true });
}

/**
 * Copies the database of a state directory as it is at one moment, beside a running service: readers do
 * not hold up its writer, and the copying is done in another thread.
 * @param path a file that does not exist yet; durable, mode 0600, when it resolves
 * @throws SpringhouseError `store_failed`
 */
export async function snapshotDatabase(directory: string, path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
    const source = new DatabaseSync(join(directory, DATABASE_FILE), { readOnly: true });
    try {
      await backup(source, path, { rate: ALL_PAGES });
    } finally {
      source.close();
    }
    await chmod(path, 0o600);
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asSpringhouseError(error, "copying the database");
  }
}
