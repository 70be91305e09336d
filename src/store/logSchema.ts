/*
 * The transparency log. A leaf's position is given by the insert itself, so a batch that fails leaves no
 * gap. `hash` is the leaf's own (RFC 6962 2.1): who alters a body alone is found out by it. Of the tree
 * above, only the roots of whole tiles are kept (C2SP tlog-tiles: 256 leaves, 65,536, and so on); all
 * else is recomputed. Nothing here is ever removed.
 */
export const LOG_SCHEMA = `
CREATE TABLE log_leaf (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE log_subtree (
  level INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;
-- The last one: it is durable before anybody is shown it.
CREATE TABLE log_checkpoint (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  note TEXT NOT NULL
) STRICT;
`;

/* The notes by which one key of the log handed over to the next, and the last checkpoint
 * that each witness cosigned. */
export const LOG_KEYS_SCHEMA = `
CREATE TABLE log_handover (
  sequence INTEGER PRIMARY KEY,
  note TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER log_handover_kept BEFORE DELETE ON log_handover BEGIN
  SELECT RAISE(ABORT, 'log_handover: a hand-over is never forgotten');
END;
CREATE TABLE log_cosigned (
  witness TEXT PRIMARY KEY,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
