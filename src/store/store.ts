import type { ReadName, WriteName } from "./statements.ts";

/** What a column or a parameter can hold. Integers stay within 2^53. */
export type Value = null | number | string | Uint8Array;

export type Row = Readonly<Record<string, Value>>;

/** One statement of the catalogue with the values of its `?`, in order. */
export interface Write {
  readonly statement: WriteName;
  readonly parameters: readonly Value[];
}

export interface Query {
  readonly statement: ReadName;
  readonly parameters: readonly Value[];
}

export interface StoreHealth {
  readonly ok: boolean;
  /** One line for status: what failed last, or that nothing did. No value of a row. */
  readonly detail: string;
}

/** Counted since the store was opened; committed transactions only. */
export interface StoreStatistics {
  readonly transactions: number;
  readonly batches: number;
  readonly writes: number;
}

/**
 * Durable state. Adapters: `sqliteStore.ts` in this thread, `workerStore.ts` behind a worker.
 *
 * The contract:
 * - A batch is all or nothing, and durable when its promise resolves. Batches become durable in the
 *   order of the calls, and everything queued while a commit runs goes into the next transaction.
 * - A database or disk failure rejects the batch with SpringhouseError `store_failed`; later batches
 *   work again when the disk does. A batch that breaks a constraint is a defect of its caller: it
 *   alone is rejected with `internal`, and what it was grouped with is not hurt.
 * - A read sees every batch that was resolved before it was asked for.
 */
export interface Store {
  write(batch: readonly Write[]): Promise<void>;
  /** @returns every row; page with a LIMIT in the statement. Rejects with `store_failed`. */
  read(statement: ReadName, parameters: readonly Value[]): Promise<readonly Row[]>;
  /** Several reads of one state: no write comes between them. */
  readTogether(queries: readonly Query[]): Promise<readonly (readonly Row[])[]>;
  health(): StoreHealth;
  /** Called when `ok` changes. Returns the unsubscribe. */
  onHealthChange(listener: (health: StoreHealth) => void): () => void;
  statistics(): StoreStatistics;
  /** Commits what is queued, then closes. Later calls are rejected with `shutting_down`. */
  close(): Promise<void>;
}
