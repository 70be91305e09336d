import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";

/** A small file system of its own, or null where this user may not mount one. */
export function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "springhouse-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", folder], {
      stdio: "pipe",
    });
    return folder;
  } catch {
    rmdirSync(folder);
    return null;
  }
}

/** Takes every byte that is left, and what is given back meanwhile. */
export function fill(path: string): void {
  const file = openSync(path, "a");
  try {
    for (const size of [65_536, 4096, 1])
      try {
        for (const block = Buffer.alloc(size); ;) writeSync(file, block);
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
      }
  } finally {
    closeSync(file);
  }
}
