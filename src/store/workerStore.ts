import { Worker } from "node:worker_threads";
import type { Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import { GroupCommit } from "./groupCommit.ts";
import type { SqliteSettings } from "./sqliteEngine.ts";
import { queuedStore } from "./queuedStore.ts";
import type { Store } from "./store.ts";
import { fromFault } from "./workerProtocol.ts";
import type { Answer, Call, Reply } from "./workerProtocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../worker/storeWriter.${EXTENSION}`, import.meta.url);

type WithoutNumber<T> = T extends unknown ? Omit<T, "call"> : never;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: SpringhouseError) => void;
}

/** One life of the worker thread. It keeps the process alive only while a call is under way. */
class Connection {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #lost: SpringhouseError | null = null;
  readonly opened: Promise<Answer>;

  constructor(settings: SqliteSettings) {
    this.#worker = new Worker(ENTRY, { workerData: settings, name: "store" });
    this.#worker.on("message", (reply: Reply) => this.#reply(reply));
    this.#worker.on("error", () => this.#lose("The database's thread failed."));
    this.#worker.on("exit", () => this.#lose("The database's thread ended."));
    this.opened = new Promise((resolve, reject) => this.#pending.set(0, { resolve, reject }));
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  call(call: WithoutNumber<Call>): Promise<Answer> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const number = ++this.#calls;
      this.#pending.set(number, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ call: number, ...call });
    });
  }

  async close(): Promise<void> {
    await this.call({ close: true }).catch(() => {});
    await this.#worker.terminate();
  }

  #reply(reply: Reply): void {
    const pending = this.#pending.get(reply.call);
    this.#pending.delete(reply.call);
    if (this.#pending.size === 0) this.#worker.unref();
    if ("fault" in reply) pending?.reject(fromFault(reply.fault));
    else pending?.resolve(reply);
  }

  #lose(detail: string): void {
    this.#lost ??= new SpringhouseError("store_failed", detail);
    for (const pending of this.#pending.values()) pending.reject(this.#lost);
    this.#pending.clear();
  }
}

/**
 * SQLite behind a worker thread: an fsync of any length holds up nobody but those who wait for it.
 * A thread that dies is started again by the next call.
 * @returns when the database is open and migrated
 * @throws SpringhouseError `state_in_use`, `store_failed`
 */
export async function openWorkerStore(settings: SqliteSettings, clock: Clock): Promise<Store> {
  let connection = new Connection(settings);
  let opening: Promise<Answer> | null = null;
  let closed = false;
  await connection.opened;

  const call = async (message: WithoutNumber<Call>): Promise<Answer> => {
    if (connection.lost && !closed && !opening) {
      connection = new Connection(settings);
      opening = connection.opened.finally(() => (opening = null));
    }
    if (opening) await opening;
    return await connection.call(message);
  };
  const queue = new GroupCommit(async (batches) => {
    const answer = await call({ commit: batches });
    if (!("outcomes" in answer)) throw new Error("the store's worker gave a wrong answer");
    return answer.outcomes.map((fault) => fault && fromFault(fault));
  }, clock);
  const readTogether: Store["readTogether"] = async (queries) => {
    if (closed) throw new SpringhouseError("shutting_down", "The store is closed.");
    const answer = await call({ read: queries });
    if (!("rows" in answer)) throw new Error("the store's worker gave a wrong answer");
    return answer.rows;
  };
  return queuedStore(queue, {
    readTogether,
    close: async () => {
      if (closed) return;
      await queue.close();
      closed = true;
      await connection.close();
    },
  });
}
