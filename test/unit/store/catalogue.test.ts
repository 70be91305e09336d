import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { MIGRATIONS } from "../../../src/store/migrations.ts";
import { READS, WRITES } from "../../../src/store/statements.ts";

const database = new DatabaseSync(":memory:");
for (const { sql } of MIGRATIONS) database.exec(sql);

test.each(Object.entries({ ...READS, ...WRITES }))("%s fits the schema", (_name, sql) => {
  expect(() => database.prepare(sql)).not.toThrow();
});

test.each([
  "seed.page",
  "block.ofSeed",
  "window.ofSeed",
  "output.page",
  "event.since",
  "recall.seeds",
  "recall.outputs",
  "retention.candidates",
] as const)("%s walks an index", (name) => {
  const sql = READS[name];
  const values = sql.match(/\?/g)?.map(() => 0) ?? [];
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  // Going through a subquery's own (limited) result is no scan of a table.
  const scans = plan
    .map(({ detail }) => String(detail))
    .filter((line) => line.startsWith("SCAN") && !line.startsWith("SCAN (subquery"));
  expect(scans).toEqual([]);
});
