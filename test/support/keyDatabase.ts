import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { replay } from "../../src/key/lifecycle/replay.ts";
import type { ReplayedLeaf } from "../../src/key/lifecycle/replay.ts";

/** What the database says of keys, and what its log says when it is replayed. */
export function bothOf(state: string) {
  const database = new DatabaseSync(join(state, "springhouse.db"), { readOnly: true });
  try {
    const leaves = database
      .prepare("SELECT body FROM log_leaf ORDER BY position")
      .all()
      .map(({ body }) => JSON.parse(String(body)) as ReplayedLeaf & { kind: string })
      .filter(({ kind }) => kind === "key");
    const replayed = replay(leaves);
    if (!replayed.ok) throw new Error(`leaf ${replayed.index}: ${replayed.detail}`);
    const states = database.prepare("SELECT state FROM key_version WHERE key = ? ORDER BY version");
    const stored = database
      .prepare("SELECT id, revision, primary_version FROM managed_key")
      .all()
      .map(({ id, revision, primary_version: primary }) => [
        String(id),
        { revision, primary, states: states.all(id!).map(({ state: is }) => is) },
      ]);
    return {
      stored: Object.fromEntries(stored) as Record<string, unknown>,
      replayed: Object.fromEntries(replayed.keys) as Record<string, unknown>,
    };
  } finally {
    database.close();
  }
}

/** Outputs that have a record, and are in nothing that it was to be kept with. */
export function outputsAlone(state: string): string[] {
  const database = new DatabaseSync(join(state, "springhouse.db"), { readOnly: true });
  try {
    const told = new Set<string>();
    for (const { body } of database.prepare("SELECT body FROM log_leaf").all())
      for (const [id] of String(body).matchAll(/s-[0-9a-f]{16}-\d+\.\d+/g)) told.add(id);
    return database
      .prepare("SELECT seed || '.' || counter AS id FROM output")
      .all()
      .map(({ id }) => String(id))
      .filter((id) => !told.has(id));
  } finally {
    database.close();
  }
}
