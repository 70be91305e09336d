import { SpringhouseError } from "../../src/port/errors.ts";
import type { Clock } from "../../src/port/clock.ts";
import { GroupCommit } from "../../src/store/groupCommit.ts";
import { IN_MEMORY, SqliteEngine } from "../../src/store/sqliteEngine.ts";
import type { Store } from "../../src/store/store.ts";

/** A disk that can be full and slow, under a real SQLite and the real group commit. */
export class SimulatedDisk {
  full = false;
  /** Of one commit. */
  latencyMilliseconds = 0;
  /** For the planted bug: answers as a disk that syncs, and keeps nothing. */
  lies = false;
  readonly store: Store;

  constructor(clock: Clock) {
    const engine = new SqliteEngine({ directory: IN_MEMORY, maximumBytes: null });
    const queue = new GroupCommit(async (batches) => {
      if (this.latencyMilliseconds > 0) {
        await new Promise<void>((resolve) => clock.schedule(this.latencyMilliseconds, resolve));
      }
      if (this.lies) return batches.map(() => null);
      if (!this.full) return engine.commit(batches);
      const failure = new SpringhouseError("store_failed", "committing: database or disk is full");
      return batches.map(() => failure);
    }, clock);
    let open = true;
    const readTogether: Store["readTogether"] = async (queries) => {
      await Promise.resolve();
      return engine.read(queries);
    };
    this.store = {
      write: (batch) => queue.write(batch),
      readTogether,
      read: async (statement, parameters) =>
        (await readTogether([{ statement, parameters }]))[0] ?? [],
      health: () => queue.health(),
      onHealthChange: (listener) => queue.onHealthChange(listener),
      statistics: () => queue.statistics(),
      close: async () => {
        await queue.close();
        if (open) engine.close();
        open = false;
      },
    };
  }
}
