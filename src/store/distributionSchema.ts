/*
 * Certificates that were issued, which nobody forgets, and pre-shared keys that wait for the second of
 * their two parties. The material of a waiting key lies in key_material, under the vault, until then.
 */
export const DISTRIBUTION_SCHEMA = `
CREATE TABLE certificate (
  serial TEXT PRIMARY KEY,
  -- Serial of the authority that signed it; its own for an authority's.
  authority TEXT NOT NULL,
  name TEXT NOT NULL,
  purpose TEXT NOT NULL,
  key TEXT,
  version INTEGER,
  from_ms REAL NOT NULL,
  to_ms REAL NOT NULL,
  url TEXT,
  der BLOB NOT NULL,
  revoked_ms REAL,
  reason TEXT,
  FOREIGN KEY (key, version) REFERENCES key_version (key, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX certificate_authority ON certificate (authority, serial);
CREATE INDEX certificate_key ON certificate (key, version) WHERE key IS NOT NULL;
CREATE TRIGGER certificate_kept BEFORE DELETE ON certificate BEGIN
  SELECT RAISE(ABORT, 'certificate: one that was issued is never removed');
END;
CREATE TRIGGER certificate_revoked BEFORE UPDATE ON certificate
WHEN OLD.revoked_ms IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'certificate: it is revoked, and that is final');
END;

CREATE TABLE paired_key (
  id TEXT PRIMARY KEY,
  master TEXT NOT NULL,
  slave TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_ms REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX paired_key_parties ON paired_key (slave, master, created_ms);
CREATE INDEX paired_key_time ON paired_key (created_ms);
`;
