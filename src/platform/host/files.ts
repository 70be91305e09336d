import { readdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileFacts } from "../../port/host.ts";

export function fileFacts(path: string): FileFacts {
  try {
    const { mode, uid } = statSync(path);
    return { path, error: null, mode: mode & 0o7777, ownerId: uid };
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return { path, error: code, mode: null, ownerId: null };
  }
}

/** Magic numbers of file systems in memory: tmpfs and ramfs (statfs(2)). */
const VOLATILE = new Set([0x01021994, 0x858458f6]);

/** The disk behind a directory, and what of it the directory's own files take. */
export function diskFacts(directory: string): {
  readonly error: string | null;
  readonly freeBytes: number | null;
  readonly isVolatile: boolean;
  readonly usedBytes: number;
  readonly lastWriteMilliseconds: number | null;
} {
  try {
    const { bavail, bsize, type } = statfsSync(directory);
    let usedBytes = 0;
    let last = -Infinity;
    for (const name of readdirSync(directory)) {
      const about = statSync(join(directory, name), { throwIfNoEntry: false });
      if (about?.isFile() !== true) continue;
      usedBytes += about.size;
      last = Math.max(last, about.mtimeMs);
    }
    return {
      error: null,
      freeBytes: bavail * bsize,
      isVolatile: VOLATILE.has(type),
      usedBytes,
      lastWriteMilliseconds: last === -Infinity ? null : last,
    };
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    return {
      error: code,
      freeBytes: null,
      isVolatile: false,
      usedBytes: 0,
      lastWriteMilliseconds: null,
    };
  }
}
