import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DiskSnapshot } from "../port/snapshot.ts";
import { DATABASE_FILE } from "../store/stateDirectory.ts";

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // The write-ahead log is there only while somebody has the database open.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

/** @param directory the state directory */
export async function measureDisk(directory: string): Promise<DiskSnapshot> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const database = join(directory, DATABASE_FILE);
  const parts = await Promise.all([database, `${database}-wal`].map(bytesOf));
  return {
    // What is free for root alone helps nobody here.
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    databaseBytes: parts.reduce((sum, bytes) => sum + bytes, 0),
  };
}
