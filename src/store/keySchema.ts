/*
 * Managed keys. Metadata is never removed: of a destroyed key it is all that is left (SP 800-57 part 1
 * 7.6). Two writers cannot both win: the second's revision is no longer the next one. A version names
 * the output that it was made of, so that the noise behind it is kept as long as it is; and one output
 * makes one version. Counters stand by themselves: nothing that counts ever writes a row with material.
 */
export const KEY_SCHEMA = `
CREATE TABLE managed_key (
  id TEXT PRIMARY KEY,
  name TEXT,
  type TEXT NOT NULL,
  purpose TEXT NOT NULL,
  usages TEXT NOT NULL,
  algorithms TEXT NOT NULL,
  owner TEXT NOT NULL,
  principals TEXT NOT NULL,
  exportable INTEGER NOT NULL,
  policy TEXT NOT NULL,
  revision INTEGER NOT NULL,
  primary_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  created_ms REAL NOT NULL,
  due_ms REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX managed_key_due ON managed_key (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX managed_key_state ON managed_key (state, id);

CREATE TABLE key_version (
  key TEXT NOT NULL REFERENCES managed_key (id),
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  origin TEXT NOT NULL,
  seed TEXT,
  counter INTEGER,
  public_key BLOB,
  created_ms REAL NOT NULL,
  activated_ms REAL,
  deactivate_ms REAL,
  changed_ms REAL NOT NULL,
  reason TEXT,
  compromised_ms REAL,
  PRIMARY KEY (key, version),
  FOREIGN KEY (seed, counter) REFERENCES output (seed, counter)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_version_state ON key_version (state);
CREATE UNIQUE INDEX key_version_output ON key_version (seed, counter) WHERE seed IS NOT NULL;

CREATE TABLE key_principal (
  principal TEXT NOT NULL,
  key TEXT NOT NULL REFERENCES managed_key (id),
  PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX key_principal_key ON key_principal (key);

-- Operations and bytes up to and including these are reserved to a running service.
CREATE TABLE key_use (
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  operations INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (key, version),
  FOREIGN KEY (key, version) REFERENCES key_version (key, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER managed_key_revision BEFORE UPDATE ON managed_key
WHEN NEW.revision <> OLD.revision + 1 BEGIN
  SELECT RAISE(ABORT, 'managed_key: the revision is not the next one');
END;
CREATE TRIGGER managed_key_kept BEFORE DELETE ON managed_key BEGIN
  SELECT RAISE(ABORT, 'managed_key: a key is never removed');
END;
CREATE TRIGGER key_version_kept BEFORE DELETE ON key_version BEGIN
  SELECT RAISE(ABORT, 'key_version: a version is never removed');
END;
-- What is reserved never goes back while a service runs; a clean stop gives the rest back.
CREATE TRIGGER key_use_kept BEFORE DELETE ON key_use BEGIN
  SELECT RAISE(ABORT, 'key_use: a counter is never removed');
END;
`;
