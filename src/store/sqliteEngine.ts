import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { SpringhouseError } from "../port/errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "./migrations.ts";
import { asSpringhouseError, isCallersFault, needsReopen } from "./sqliteFailure.ts";
import { DATABASE_FILE, lockStateDirectory, prepareStateDirectory } from "./stateDirectory.ts";
import { READS, WRITES } from "./statements.ts";
import type { Query, Row, Write } from "./store.ts";

/** For tests and the simulation: nothing on disk, no lock. */
export const IN_MEMORY = ":memory:";

export interface SqliteSettings {
  /** The state directory, made if it is not there; or `IN_MEMORY`. */
  readonly directory: string;
  /** The database's file never grows past this; then writes fail as on a full disk. Null: no limit. */
  readonly maximumBytes: number | null;
}

/** Null where a batch was committed, else why it was not. */
export type Outcome = SpringhouseError | null;

/**
 * Another process (`sqlite3`, a backup) may hold the database for a moment. Nothing ends such a wait
 * before its time, so it has to be over within what a stop may take.
 */
const BUSY_TIMEOUT_MILLISECONDS = 2_000;
/** The WAL is cut back to this after a checkpoint, so that one burst does not keep its size. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/** One SQLite connection and the lock on its directory. Synchronous: whoever calls it, waits. */
export class SqliteEngine {
  readonly #settings: SqliteSettings;
  readonly #release: () => void;
  readonly #prepared = new Map<string, StatementSync>();
  #database: DatabaseSync | null = null;

  /** @throws SpringhouseError `state_in_use`, or `store_failed` (also for a newer schema) */
  constructor(settings: SqliteSettings) {
    this.#settings = settings;
    if (settings.directory === IN_MEMORY) {
      this.#release = () => {};
    } else {
      prepareStateDirectory(settings.directory);
      this.#release = lockStateDirectory(settings.directory);
    }
    try {
      this.#connection();
    } catch (error) {
      this.#release();
      throw asStoreFailure(error, "opening the database");
    }
  }

  /**
   * Runs the batches in one transaction. A batch that breaks a constraint is undone alone; any other
   * failure undoes all of them.
   * @returns one outcome a batch, in order; never throws
   */
  commit(batches: readonly (readonly Write[])[]): Outcome[] {
    try {
      const database = this.#connection();
      database.exec("BEGIN IMMEDIATE");
      const outcomes = batches.map((batch) => this.#batch(database, batch));
      database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      this.#recover(error);
      const failure = asStoreFailure(error, "committing");
      return batches.map(() => failure);
    }
  }

  /** @throws SpringhouseError `store_failed`, or `internal` for values that cannot be bound */
  read(queries: readonly Query[]): Row[][] {
    try {
      return queries.map(
        ({ statement, parameters }) =>
          this.#statement(READS[statement]).all(...parameters) as unknown as Row[],
      );
    } catch (error) {
      if (!isCallersFault(error)) this.#recover(error);
      throw asSpringhouseError(error, "reading");
    }
  }

  close(): void {
    this.#disconnect();
    this.#release();
  }

  #batch(database: DatabaseSync, batch: readonly Write[]): Outcome {
    // A statement that fails undoes itself (sqlite.org/lang_conflict.html: ABORT).
    const isSingle = batch.length === 1;
    if (!isSingle) this.#statement("SAVEPOINT batch").run();
    for (const { statement, parameters } of batch) {
      try {
        // `run` takes one step only, and a vacuum takes one for each page.
        this.#statement(WRITES[statement]).all(...parameters);
      } catch (error) {
        if (!isCallersFault(error) || !database.isTransaction) throw error;
        if (!isSingle) database.exec("ROLLBACK TO batch; RELEASE batch");
        return asSpringhouseError(error, statement);
      }
    }
    if (!isSingle) this.#statement("RELEASE batch").run();
    return null;
  }

  #statement(sql: string): StatementSync {
    const database = this.#connection();
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #connection(): DatabaseSync {
    this.#database ??= open(this.#settings);
    return this.#database;
  }

  #recover(error: unknown): void {
    try {
      if (this.#database?.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // SQLite rolled back by itself, or the connection goes anyway.
    }
    if (needsReopen(error) && this.#settings.directory !== IN_MEMORY) this.#disconnect();
  }

  #disconnect(): void {
    this.#prepared.clear();
    try {
      this.#database?.close();
    } catch {
      // A connection that cannot even be closed is left to the garbage collector.
    }
    this.#database = null;
  }
}

/** What happens outside a batch is never the fault of a batch's caller. */
function asStoreFailure(error: unknown, during: string): SpringhouseError {
  const known = asSpringhouseError(error, during);
  return known.code === "internal" ? new SpringhouseError("store_failed", known.message) : known;
}

function open(settings: SqliteSettings): DatabaseSync {
  const path =
    settings.directory === IN_MEMORY ? IN_MEMORY : join(settings.directory, DATABASE_FILE);
  const database = new DatabaseSync(path, {
    timeout: BUSY_TIMEOUT_MILLISECONDS,
    enableForeignKeyConstraints: true,
  });
  try {
    // auto_vacuum takes effect only before the first page is written, which journal_mode does.
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
      PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};`);
    migrate(database);
    if (settings.maximumBytes !== null) {
      const pageBytes = database.prepare("PRAGMA page_size").get()?.["page_size"] as number;
      database.exec(`PRAGMA max_page_count = ${Math.floor(settings.maximumBytes / pageBytes)}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: DatabaseSync): void {
  const found = database.prepare("PRAGMA user_version").get()?.["user_version"] as number;
  if (found > SCHEMA_VERSION) {
    throw new SpringhouseError(
      "store_failed",
      `The database has schema ${found}; this version knows up to ${SCHEMA_VERSION}.`,
      "Run the newer springhouse that wrote it, or restore a backup; nothing was changed.",
    );
  }
  for (const { version, sql } of MIGRATIONS.slice(found)) {
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${version}`);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}
