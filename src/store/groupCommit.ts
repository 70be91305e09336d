import type { Cancel, Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { StoreHealth, StoreStatistics, Write } from "./store.ts";
import type { Outcome } from "./sqliteEngine.ts";

type Batch = readonly Write[];

interface Waiting {
  readonly batch: Batch;
  readonly resolve: () => void;
  readonly reject: (error: SpringhouseError) => void;
}

/** Batches in one transaction: bounds how long the first of them waits for the last. */
const BATCHES_IN_TRANSACTION = 1_024;
/** Batches that may wait while a disk hangs; more are refused, so that memory stays bounded. */
const BATCHES_QUEUED = 16_384;
const PROBE_MILLISECONDS = 1_000;
const PROBE: Batch = [
  { statement: "probe.fill", parameters: [] },
  { statement: "probe.clear", parameters: [] },
];
const WELL: StoreHealth = { ok: true, detail: "Every write so far was taken." };

/**
 * The queue in front of a database: one commit under way, and everything that comes meanwhile goes
 * into the next. Keeps the store's health; while it is bad, probes once a second, so that it
 * recovers without anybody's write.
 */
export class GroupCommit {
  readonly #commit: (batches: readonly Batch[]) => Promise<readonly Outcome[]>;
  readonly #clock: Clock;
  readonly #listeners = new Set<(health: StoreHealth) => void>();
  #queue: Waiting[] = [];
  #running: Promise<void> | null = null;
  #health = WELL;
  #cancelProbe: Cancel | null = null;
  #closed = false;
  #statistics: StoreStatistics = { transactions: 0, batches: 0, writes: 0 };

  /** @param commit one transaction; it rejects, or gives one outcome for each batch */
  constructor(commit: (batches: readonly Batch[]) => Promise<readonly Outcome[]>, clock: Clock) {
    this.#commit = commit;
    this.#clock = clock;
  }

  write(batch: Batch): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new SpringhouseError("shutting_down", "The store is closed."));
    }
    return this.#enqueue(batch);
  }

  health(): StoreHealth {
    return this.#health;
  }

  statistics(): StoreStatistics {
    return this.#statistics;
  }

  onHealthChange(listener: (health: StoreHealth) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes no more batches, and resolves when the queued ones are done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelProbe?.();
    await this.#running;
  }

  #enqueue(batch: Batch): Promise<void> {
    if (this.#queue.length >= BATCHES_QUEUED) {
      return Promise.reject(
        new SpringhouseError("store_failed", `${BATCHES_QUEUED} writes already wait for the disk.`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // What is written in the same turn of the event loop goes into the same transaction.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const taken = this.#queue.splice(0, BATCHES_IN_TRANSACTION);
      this.#settle(taken, await this.#outcomes(taken.map(({ batch }) => batch)));
    }
    this.#running = null;
  }

  async #outcomes(batches: readonly Batch[]): Promise<readonly Outcome[]> {
    try {
      return await this.#commit(batches);
    } catch (error) {
      const failure =
        error instanceof SpringhouseError
          ? error
          : new SpringhouseError("store_failed", "The database's thread failed.");
      return batches.map(() => failure);
    }
  }

  #settle(taken: readonly Waiting[], outcomes: readonly Outcome[]): void {
    const failure = outcomes.find((outcome) => outcome?.code === "store_failed");
    if (failure) {
      this.#become({ ok: false, detail: failure.message });
    } else {
      const committed = taken.filter((_, index) => outcomes[index] === null);
      this.#statistics = {
        transactions: this.#statistics.transactions + 1,
        batches: this.#statistics.batches + committed.length,
        writes: committed.reduce((sum, { batch }) => sum + batch.length, this.#statistics.writes),
      };
      this.#become(WELL);
    }
    for (const [index, waiting] of taken.entries()) {
      const outcome = outcomes[index];
      if (outcome) waiting.reject(outcome);
      else waiting.resolve();
    }
  }

  #become(health: StoreHealth): void {
    const changed = health.ok !== this.#health.ok;
    this.#health = health;
    if (health.ok) {
      this.#cancelProbe?.();
      this.#cancelProbe = null;
    } else if (!this.#closed) {
      this.#cancelProbe ??= this.#clock.schedule(PROBE_MILLISECONDS, () => this.#probe());
    }
    if (!changed) return;
    for (const listener of this.#listeners) {
      try {
        listener(health);
      } catch {
        // A listener's defect must not stop the queue that everybody waits for.
      }
    }
  }

  #probe(): void {
    this.#cancelProbe = null;
    this.#enqueue(PROBE).catch(() => {});
  }
}
