import { readFileSync } from "node:fs";

/** A file's content now; null while it cannot be read, which is a change like any other. */
export function contentOf(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
