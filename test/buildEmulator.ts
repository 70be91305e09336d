import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Builds the C emulators with `cc` once before the tests, as vitest's global setup. */
export default function buildEmulator(): void {
  const folder = new URL("../native-fixtures/", import.meta.url).pathname;
  if (existsSync(`${folder}Makefile`)) execFileSync("make", ["-s", "-C", folder]);
}
