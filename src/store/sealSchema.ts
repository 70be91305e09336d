/*
 * The seal. A vault has one live epoch; retired ones stay, so that their numbers are never given
 * again. Material and slots name the epoch that they are of, and no row may come or stay under one
 * that is not live: nothing could open it.
 */
export const SEAL_SCHEMA = `
CREATE TABLE seal_epoch (
  epoch INTEGER PRIMARY KEY,
  vault TEXT NOT NULL,
  created_ms REAL NOT NULL,
  retired_ms REAL
) STRICT;
CREATE UNIQUE INDEX seal_epoch_live ON seal_epoch (retired_ms IS NULL) WHERE retired_ms IS NULL;

CREATE TABLE seal_slot (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  place TEXT,
  epoch INTEGER NOT NULL REFERENCES seal_epoch (epoch),
  created_ms REAL NOT NULL,
  parameters TEXT NOT NULL,
  sealed BLOB NOT NULL,
  tag BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE key_material (
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL REFERENCES seal_epoch (epoch),
  wrapped_key BLOB NOT NULL,
  nonce BLOB NOT NULL,
  ciphertext BLOB NOT NULL,
  PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER key_material_live BEFORE INSERT ON key_material
WHEN NOT EXISTS (SELECT 1 FROM seal_epoch WHERE epoch = NEW.epoch AND retired_ms IS NULL) BEGIN
  SELECT RAISE(ABORT, 'key_material: the epoch is not live');
END;
CREATE TRIGGER seal_slot_live BEFORE INSERT ON seal_slot
WHEN NOT EXISTS (SELECT 1 FROM seal_epoch WHERE epoch = NEW.epoch AND retired_ms IS NULL) BEGIN
  SELECT RAISE(ABORT, 'seal_slot: the epoch is not live');
END;
CREATE TRIGGER seal_epoch_settled BEFORE UPDATE ON seal_epoch
WHEN OLD.retired_ms IS NOT NULL AND (
  EXISTS (SELECT 1 FROM key_material WHERE epoch = OLD.epoch)
  OR EXISTS (SELECT 1 FROM seal_slot WHERE epoch = OLD.epoch)
) BEGIN
  SELECT RAISE(ABORT, 'seal_epoch: material or slots are left in a retired epoch');
END;
CREATE TRIGGER seal_slot_last BEFORE DELETE ON seal_slot
WHEN (SELECT count(*) FROM seal_slot) = 1 BEGIN
  SELECT RAISE(ABORT, 'seal_slot: nothing could open the vault without its last slot');
END;
`;
