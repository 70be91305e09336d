/*
 * Dual control. Nothing here is ever removed. An intent only goes forward, so it is used once whatever
 * the service does; and one person approves it once, however many keys they have.
 */
export const APPROVAL_SCHEMA = `
CREATE TABLE custodian_key (
  fingerprint TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  public_key TEXT NOT NULL,
  principals TEXT NOT NULL,
  enrolled_ms REAL NOT NULL,
  removed_ms REAL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER custodian_key_kept BEFORE DELETE ON custodian_key BEGIN
  SELECT RAISE(ABORT, 'custodian_key: a key is never forgotten');
END;
CREATE TRIGGER custodian_key_gone BEFORE UPDATE ON custodian_key
WHEN OLD.removed_ms IS NOT NULL BEGIN
  SELECT RAISE(ABORT, 'custodian_key: a key that was removed does not come back');
END;

CREATE TABLE intent (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  requester TEXT NOT NULL,
  document TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  changed_ms REAL NOT NULL
) STRICT;
CREATE INDEX intent_state ON intent (state, sequence);
CREATE TRIGGER intent_forward BEFORE UPDATE ON intent
WHEN NOT (NEW.state = OLD.state AND OLD.state IN ('pending', 'approved')
  OR OLD.state = 'pending' AND NEW.state IN ('approved', 'expired', 'withdrawn')
  OR OLD.state = 'approved' AND NEW.state IN ('executed', 'expired', 'withdrawn')) BEGIN
  SELECT RAISE(ABORT, 'intent: it does not go there from its state');
END;
CREATE TRIGGER intent_kept BEFORE DELETE ON intent BEGIN
  SELECT RAISE(ABORT, 'intent: an intent is never removed');
END;

CREATE TABLE intent_approval (
  intent TEXT NOT NULL REFERENCES intent (id),
  person TEXT NOT NULL,
  fingerprint TEXT NOT NULL REFERENCES custodian_key (fingerprint),
  signature BLOB NOT NULL,
  at_ms REAL NOT NULL,
  PRIMARY KEY (intent, person)
) STRICT, WITHOUT ROWID;
`;
