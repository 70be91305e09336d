import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generated } from "../scripts/generated.ts";

const ROOT = new URL("../", import.meta.url);

test.each(await generated())("%s is what `npm run generate` makes", (path, text) => {
  expect(readFileSync(new URL(path, ROOT), "utf8")).toBe(text);
});
