import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Part of a key's life, test file, and how the test's name begins. */
const ROWS = [...read("src/key/README.md").matchAll(/^\| ([\w, ]+) \| `([\w/.-]+)`: ([^|]+) \|/gm)];

const PARTS = [
  "generation",
  "storage, vault",
  "storage, HSM",
  "storage, TPM",
  "in memory",
  "distribution",
  "usage",
  "rotation",
  "revocation",
  "destruction",
  "access control",
  "audit",
  "automation",
];

test("each part of a key's life has a row, and each row a test that is there", () => {
  const parts = new Set(ROWS.map(([, part]) => part));
  expect(PARTS.filter((part) => !parts.has(part))).toEqual([]);
  for (const [, , file, name] of ROWS)
    expect(read(`test/${file}.test.ts`), `${file}: ${name}`).toContain(`"${name!.trim()}`);
});
