import { APPROVAL_SCHEMA } from "./approvalSchema.ts";
import { DISTRIBUTION_SCHEMA } from "./distributionSchema.ts";
import { DESTRUCTION_EXPECTED_SCHEMA, DESTRUCTION_SCHEMA } from "./destructionSchema.ts";
import { KEY_SCHEMA } from "./keySchema.ts";
import { LOG_KEYS_SCHEMA, LOG_SCHEMA } from "./logSchema.ts";
import { PROCESSING_SCHEMA } from "./processingSchema.ts";
import { SEAL_SCHEMA } from "./sealSchema.ts";

/** A step from schema `version - 1` to `version`; never edited once it was released. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/*
 * Times are REAL: a clock may give fractions of a millisecond, and STRICT tables refuse them in an
 * INTEGER column. SQLite keeps an integral REAL as an integer on disk, so this costs nothing.
 *
 * The triggers count references: a block goes with the last seed that holds it, a window with the
 * last block. An output's foreign key has no action, so its seed cannot be removed under it.
 */
const LINEAGE = `
CREATE TABLE seed (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  instance TEXT NOT NULL,
  shape TEXT NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms REAL NOT NULL,
  material_from_ms REAL NOT NULL,
  credits TEXT NOT NULL,
  credited_bits REAL NOT NULL,
  strength_without_best TEXT NOT NULL,
  parent TEXT,
  counter_limit INTEGER NOT NULL
) STRICT;
CREATE INDEX seed_time ON seed (at_ms, id);
CREATE INDEX seed_instance ON seed (instance, sequence);

CREATE TABLE entropy_block (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  component TEXT NOT NULL,
  input_bits INTEGER NOT NULL,
  input_entropy REAL NOT NULL,
  output_bits INTEGER NOT NULL,
  output_entropy REAL NOT NULL,
  full_entropy INTEGER NOT NULL,
  credited INTEGER NOT NULL,
  to_ms REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_window (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  from_ms REAL NOT NULL,
  to_ms REAL NOT NULL,
  samples INTEGER NOT NULL,
  claimed_entropy REAL NOT NULL,
  configuration_version TEXT NOT NULL,
  firmware TEXT,
  verdict TEXT NOT NULL,
  alarms TEXT NOT NULL,
  margins TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seed_block (
  seed TEXT NOT NULL REFERENCES seed (id) ON DELETE CASCADE,
  credited INTEGER NOT NULL,
  position INTEGER NOT NULL,
  block TEXT NOT NULL REFERENCES entropy_block (id),
  PRIMARY KEY (seed, credited, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX seed_block_block ON seed_block (block);
-- A credited block is used once and never again.
CREATE UNIQUE INDEX seed_block_once ON seed_block (block) WHERE credited = 1;

CREATE TABLE block_window (
  block TEXT NOT NULL REFERENCES entropy_block (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  window TEXT NOT NULL REFERENCES sample_window (id),
  PRIMARY KEY (block, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX block_window_window ON block_window (window);

CREATE TRIGGER seed_block_gone AFTER DELETE ON seed_block BEGIN
  DELETE FROM entropy_block WHERE id = OLD.block
    AND NOT EXISTS (SELECT 1 FROM seed_block WHERE block = OLD.block);
END;
CREATE TRIGGER block_window_gone AFTER DELETE ON block_window BEGIN
  DELETE FROM sample_window WHERE id = OLD.window
    AND NOT EXISTS (SELECT 1 FROM block_window WHERE window = OLD.window);
END;

CREATE TABLE output (
  seed TEXT NOT NULL REFERENCES seed (id),
  counter INTEGER NOT NULL,
  instance TEXT NOT NULL,
  principal TEXT NOT NULL,
  door TEXT NOT NULL,
  purpose TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  requirement TEXT NOT NULL,
  at_ms REAL NOT NULL,
  PRIMARY KEY (seed, counter)
) STRICT, WITHOUT ROWID;
CREATE INDEX output_time ON output (at_ms);

CREATE TABLE output_count (
  seed TEXT NOT NULL REFERENCES seed (id) ON DELETE CASCADE,
  principal TEXT NOT NULL,
  door TEXT NOT NULL,
  purpose TEXT NOT NULL,
  requests INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (seed, principal, door, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  sequence INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at_ms REAL NOT NULL,
  source TEXT,
  severity TEXT NOT NULL,
  actor TEXT,
  reason TEXT,
  detail TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX event_time ON event (at_ms);

-- Numbers up to and including this one are reserved to a running service.
CREATE TABLE reservation (name TEXT PRIMARY KEY, reserved INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/*
 * Small administrative records of other rooms (tokens, for one), as JSON under a collection's name;
 * and a row for the probe that finds out whether a failed disk takes writes again.
 */
const DOCUMENTS = `
CREATE TABLE document (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  at_ms REAL NOT NULL,
  PRIMARY KEY (collection, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), filler BLOB NOT NULL) STRICT;
`;

/* A slot that takes the leave of custodians; those from before take none. */
const RECOVERY_SLOTS = `
ALTER TABLE seal_slot ADD COLUMN recovery INTEGER NOT NULL DEFAULT 0;
`;

/* Whether a backup went out whole, and when somebody tried that it can be restored. */
const BACKUPS_TRIED = `
ALTER TABLE backup ADD COLUMN taken_ms REAL;
ALTER TABLE backup ADD COLUMN drilled_ms REAL;
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: LINEAGE },
  { version: 2, sql: DOCUMENTS },
  { version: 3, sql: LOG_SCHEMA },
  { version: 4, sql: SEAL_SCHEMA },
  { version: 5, sql: KEY_SCHEMA },
  { version: 6, sql: APPROVAL_SCHEMA },
  { version: 7, sql: DESTRUCTION_SCHEMA },
  { version: 8, sql: DISTRIBUTION_SCHEMA },
  { version: 9, sql: RECOVERY_SLOTS },
  { version: 10, sql: BACKUPS_TRIED },
  { version: 11, sql: PROCESSING_SCHEMA },
  { version: 12, sql: DESTRUCTION_EXPECTED_SCHEMA },
  { version: 13, sql: LOG_KEYS_SCHEMA },
];

export const SCHEMA_VERSION = MIGRATIONS.length;
