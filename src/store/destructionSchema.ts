/*
 * Destructions, and what a receipt has to tell besides: slots that were removed while an epoch was live
 * (a copy of the database from before opens by them), and backups with the epochs that they hold.
 */
export const DESTRUCTION_SCHEMA = `
CREATE TABLE destruction (
  id TEXT PRIMARY KEY REFERENCES intent (id),
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  requester TEXT NOT NULL,
  approvers TEXT NOT NULL,
  state TEXT NOT NULL,
  scheduled_ms REAL NOT NULL,
  due_ms REAL NOT NULL,
  changed_ms REAL NOT NULL,
  epoch INTEGER,
  note TEXT,
  leaf TEXT,
  FOREIGN KEY (key, version) REFERENCES key_version (key, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX destruction_once ON destruction (key, version) WHERE state <> 'cancelled';
CREATE INDEX destruction_due ON destruction (state, due_ms);
CREATE TRIGGER destruction_forward BEFORE UPDATE ON destruction
WHEN NOT (OLD.state = 'scheduled' AND NEW.state IN ('cancelled', 'removed')
  OR OLD.state = 'removed' AND NEW.state = 'destroyed') BEGIN
  SELECT RAISE(ABORT, 'destruction: it does not go there from its state');
END;
CREATE TRIGGER destruction_kept BEFORE DELETE ON destruction BEGIN
  SELECT RAISE(ABORT, 'destruction: a destruction is never forgotten');
END;

CREATE TABLE removed_slot (
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;
CREATE INDEX removed_slot_epoch ON removed_slot (epoch);
CREATE TRIGGER removed_slot_of AFTER DELETE ON seal_slot BEGIN
  INSERT INTO removed_slot (id, kind, name, epoch) VALUES (OLD.id, OLD.kind, OLD.name, OLD.epoch);
END;

CREATE TABLE backup (
  id TEXT PRIMARY KEY,
  created_ms REAL NOT NULL,
  epoch INTEGER NOT NULL,
  recipients INTEGER NOT NULL,
  discarded_ms REAL
) STRICT, WITHOUT ROWID;
`;

/* A version is scheduled as custodians saw it: whoever changed its key meanwhile was before them. */
export const DESTRUCTION_EXPECTED_SCHEMA = `
CREATE TRIGGER destruction_expected BEFORE INSERT ON destruction
WHEN (SELECT json_extract(document, '$.revision') FROM intent WHERE id = NEW.id)
  IS NOT (SELECT revision FROM managed_key WHERE id = NEW.key) BEGIN
  SELECT RAISE(ABORT, 'destruction: the key was changed since it was asked for');
END;
`;
