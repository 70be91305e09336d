import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "./failure.ts";

/** Beyond any configuration and any report: what is longer is not read into memory. */
const MOST_BYTES = 2 ** 26;

export function unreadable(path: string, error: unknown): Failure {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return new Failure(1, `${path} cannot be read (${code})`);
}

/** What to do about a file that the system does not take, by its word for why. */
const WRITE_REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "Make room on that disk, or name a file on another; then run it again.",
  EDQUOT: "Make room within your quota, or name a file on another disk; then run it again.",
  EFBIG:
    "It is longer than files may be here (`ulimit -f`): raise the limit, or name another disk.",
  EROFS: "Name a file on a disk that can be written to.",
  EACCES: "Name a file in a folder that you may write to.",
  EPERM: "Name a file in a folder that you may write to.",
  ENOENT: "Make its folder first, or name another.",
};

/** @param what it was to hold, such as `the report` */
export function notWritten(what: string, path: string, error: unknown): Failure {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  const remedy = WRITE_REMEDIES[code] ?? "Name another file.";
  return new Failure(1, `${what} cannot be written to ${path} (${code})`, remedy);
}

/** @throws Failure when it is no regular file, or cannot be read */
export async function readWhole(path: string): Promise<Buffer> {
  try {
    // Non-blocking, so that a FIFO in its place is refused instead of waited for.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const about = await handle.stat();
      if (!about.isFile()) throw new Failure(1, `${path} is not a regular file`);
      if (about.size > MOST_BYTES)
        throw new Failure(1, `${path} is longer than ${MOST_BYTES} bytes`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  }
}

/**
 * Whole and on the disk, or not at all.
 * @param like a file whose mode and owner it takes over; null for those of a new file
 * @param place `rename` replaces what is there, `link` fails with EEXIST
 */
export async function writeDurably(
  path: string,
  content: Uint8Array,
  like: string | null,
  place: (from: string, to: string) => Promise<void>,
): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.partial`;
  try {
    const handle = await open(draft, "wx", like === null ? 0o644 : 0o600);
    try {
      await handle.writeFile(content);
      if (like !== null) {
        const { mode, uid, gid } = await stat(like);
        const mine = await handle.stat();
        if (mine.uid !== uid || mine.gid !== gid) await handle.chown(uid, gid);
        await handle.chmod(mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes names in it durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
