import type { Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import { GroupCommit } from "./groupCommit.ts";
import { queuedStore } from "./queuedStore.ts";
import { SqliteEngine } from "./sqliteEngine.ts";
import type { SqliteSettings } from "./sqliteEngine.ts";
import type { Store } from "./store.ts";

/**
 * SQLite in this very thread: the twin of `workerStore.ts` for tests, the simulation and local
 * commands. Each commit holds the caller's thread for one fsync.
 * @throws SpringhouseError `state_in_use`, `store_failed`
 */
export function openSqliteStore(settings: SqliteSettings, clock: Clock): Store {
  const engine = new SqliteEngine(settings);
  const queue = new GroupCommit(async (batches) => engine.commit(batches), clock);
  let open = true;
  // oxlint-disable-next-line require-await -- a throw has to become a rejection
  const readTogether: Store["readTogether"] = async (queries) => {
    if (!open) throw new SpringhouseError("shutting_down", "The store is closed.");
    return engine.read(queries);
  };
  return queuedStore(queue, {
    readTogether,
    close: async () => {
      await queue.close();
      if (open) engine.close();
      open = false;
    },
  });
}
