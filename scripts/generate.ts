/*
 * Writes everything that is generated: `npm run generate`. With --check it writes nothing and fails
 * when a committed file differs from what it would write.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { generated } from "./generated.ts";

const root = new URL("../", import.meta.url).pathname;
const check = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of await generated()) {
  let committed: string | null = null;
  try {
    committed = readFileSync(root + path, "utf8");
  } catch {
    // Not there yet.
  }
  if (committed === text) continue;
  stale++;
  if (check) console.error(`${path} is stale: run npm run generate`);
  else {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
    console.log(`wrote ${path}`);
  }
}
if (check && stale > 0) process.exitCode = 1;
