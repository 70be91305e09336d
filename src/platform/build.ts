import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What this program is: SHA-256 over the names and contents of its files, in the order of their names.
 * Records carry it, so that it can be told which code an output came of.
 * @param directory where its modules and the files of its page are, and nothing else
 * @returns 64 hex digits
 */
export function buildHash(directory: string): string {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.([jt]s|html|css|svg)$/.test(name))
    .sort();
  const hash = createHash("sha256");
  for (const name of names) {
    const content = createHash("sha256")
      .update(readFileSync(join(directory, name)))
      .digest("hex");
    hash.update(`${content} ${name}\n`);
  }
  return hash.digest("hex");
}
