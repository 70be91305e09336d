import { SpringhouseError } from "../../src/port/errors.ts";
import type { Clock } from "../../src/port/clock.ts";
import { GroupCommit } from "../../src/store/groupCommit.ts";
import { queuedStore } from "../../src/store/queuedStore.ts";
import { IN_MEMORY, SqliteEngine } from "../../src/store/sqliteEngine.ts";
import type { Store } from "../../src/store/store.ts";
import type { MortalClock } from "./mortalClock.ts";

/** A disk that can be full and slow, under a real SQLite and the real group commit. */
export class SimulatedDisk {
  full = false;
  /** Of one commit. */
  latencyMilliseconds = 0;
  /** For the planted bug: answers as a disk that syncs, and keeps nothing. */
  lies = false;
  readonly #engine = new SqliteEngine({ directory: IN_MEMORY, maximumBytes: null });

  /** What one process has of it. After that process was killed nothing of it is committed any more. */
  open(clock: Pick<MortalClock, "alive" | keyof Clock>): Store {
    const queue = new GroupCommit(async (batches) => {
      if (this.latencyMilliseconds > 0) {
        await new Promise<void>((resolve) => clock.schedule(this.latencyMilliseconds, resolve));
      }
      if (!clock.alive) return new Promise(() => {});
      if (this.lies) return batches.map(() => null);
      if (!this.full) return this.#engine.commit(batches);
      const failure = new SpringhouseError("store_failed", "committing: database or disk is full");
      return batches.map(() => failure);
    }, clock);
    const readTogether: Store["readTogether"] = async (queries) => {
      await Promise.resolve();
      return this.#engine.read(queries);
    };
    return queuedStore(queue, { readTogether, close: () => queue.close() });
  }

  close(): void {
    this.#engine.close();
  }
}
