import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { StoredLineage } from "../../../src/lineage/lineageReader.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../../../src/store/migrations.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";

/** A database as schema 1 left it: the tables that the test reads, as they stood then. */
const SCHEMA_1 = `
CREATE TABLE seed (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, instance TEXT NOT NULL,
  shape TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, at_ms REAL NOT NULL,
  material_from_ms REAL NOT NULL, credits TEXT NOT NULL, credited_bits REAL NOT NULL,
  strength_without_best TEXT NOT NULL, parent TEXT, counter_limit INTEGER NOT NULL) STRICT;
CREATE TABLE entropy_block (id TEXT PRIMARY KEY, source TEXT NOT NULL, component TEXT NOT NULL,
  input_bits INTEGER NOT NULL, input_entropy REAL NOT NULL, output_bits INTEGER NOT NULL,
  output_entropy REAL NOT NULL, full_entropy INTEGER NOT NULL, credited INTEGER NOT NULL,
  to_ms REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sample_window (id TEXT PRIMARY KEY, source TEXT NOT NULL,
  first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL, from_ms REAL NOT NULL,
  to_ms REAL NOT NULL, samples INTEGER NOT NULL, claimed_entropy REAL NOT NULL,
  configuration_version TEXT NOT NULL, firmware TEXT, verdict TEXT NOT NULL, alarms TEXT NOT NULL,
  margins TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE seed_block (seed TEXT NOT NULL REFERENCES seed (id) ON DELETE CASCADE,
  credited INTEGER NOT NULL, position INTEGER NOT NULL,
  block TEXT NOT NULL REFERENCES entropy_block (id),
  PRIMARY KEY (seed, credited, position)) STRICT, WITHOUT ROWID;
CREATE TABLE block_window (block TEXT NOT NULL REFERENCES entropy_block (id) ON DELETE CASCADE,
  position INTEGER NOT NULL, window TEXT NOT NULL REFERENCES sample_window (id),
  PRIMARY KEY (block, position)) STRICT, WITHOUT ROWID;
CREATE TABLE output (seed TEXT NOT NULL REFERENCES seed (id), counter INTEGER NOT NULL,
  instance TEXT NOT NULL, principal TEXT NOT NULL, door TEXT NOT NULL, purpose TEXT NOT NULL,
  bytes INTEGER NOT NULL, requirement TEXT NOT NULL, at_ms REAL NOT NULL,
  PRIMARY KEY (seed, counter)) STRICT, WITHOUT ROWID;
INSERT INTO seed VALUES (1, 's-00000000000000aa-1', 'keys', 'RBGC', 'instantiate', 'start', 1000, 999,
  '[]', 0, '[0]', '{"name":"os","securityStrength":256,"bytes":48}', 4096);
INSERT INTO output VALUES ('s-00000000000000aa-1', 7, 'keys', 'p', 'keys', 'key:p-256', 64, '{}', 1001);
PRAGMA user_version = 1;
`;

async function existing(sql: string) {
  const state = await temporaryState();
  mkdirSync(state.directory, { mode: 0o700 });
  const database = new DatabaseSync(join(state.directory, "springhouse.db"));
  database.exec(sql);
  database.close();
  return state;
}

test("a database of schema 1 is brought forward with what it holds", async () => {
  await using state = await existing(SCHEMA_1);
  const store = openSqliteStore(
    { directory: state.directory, maximumBytes: null },
    new FakeClock(),
  );
  const story = await new StoredLineage(store).output("s-00000000000000aa-1.7");
  expect(story).toMatchObject({ seed: { counterLimit: 4096 }, output: { purpose: "key:p-256" } });
  await store.write([{ statement: "document.put", parameters: ["c", "i", "{}", 0] }]);
  await store.close();
  const database = new DatabaseSync(join(state.directory, "springhouse.db"));
  expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
  database.close();
});

test("a newer schema is refused by name, and nothing is changed", async () => {
  await using state = await existing(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  const open = () =>
    openSqliteStore({ directory: state.directory, maximumBytes: null }, new FakeClock());
  expect(open).toThrow(`has schema ${SCHEMA_VERSION + 1}`);
  // The refusal gave the lock back: it is the same refusal again, and not state_in_use.
  expect(open).toThrow(`has schema ${SCHEMA_VERSION + 1}`);
});

test("a step that fails leaves the schema at the step before", async () => {
  await using state = await existing(`${SCHEMA_1} CREATE TABLE probe (id INTEGER);`);
  expect(() =>
    openSqliteStore({ directory: state.directory, maximumBytes: null }, new FakeClock()),
  ).toThrow("already exists");
  const database = new DatabaseSync(join(state.directory, "springhouse.db"));
  expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'document'").all()).toEqual(
    [],
  );
  database.close();
});

test("steps are numbered without a gap", () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, n) => n + 1));
});
