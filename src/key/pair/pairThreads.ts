import { Worker } from "node:worker_threads";
import { SpringhouseError } from "../../port/errors.ts";
import type { PairType } from "../derive/derivePair.ts";
import { Slots } from "../slots.ts";
import type { TestedPair } from "./makePair.ts";
import type { PairMaker } from "./pairMaker.ts";
import { owned, type PairAnswer, type PairOrder } from "./pairProtocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
export const PAIR_WORKER = new URL(`../../worker/pairMaker.${EXTENSION}`, import.meta.url);

/** Another thread is started once each has so many pairs to make: of the cheapest, half a millisecond. */
const BUSY_PAIRS = 4;
/**
 * So many are handed to each at a time; what waits behind them can still be given up. Of the cheapest
 * 3 ms, so that a thread has work while the service is at other things; of the dearest a second.
 */
const HANDED_PAIRS = 32;

interface Pending {
  readonly resolve: (pair: TestedPair) => void;
  readonly reject: (error: Error) => void;
}

const startWorker = (): Worker => new Worker(PAIR_WORKER, { name: "pairs" });

/**
 * A thread that makes one pair after the other, in the order in which they were asked for. It keeps the
 * process alive only while one is under way.
 */
class PairThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #jobs = 0;

  /** @param ended tells what becomes of the pairs that it had */
  constructor(worker: Worker, ended: (thread: PairThread) => Error) {
    this.#worker = worker;
    worker.on("message", (answer: PairAnswer) => this.#answered(answer));
    // Of what it fails with nothing is passed on: an error's text might hold a value.
    worker.on("error", () => {});
    // Whose answer that was nobody knows: none of them is waited for.
    worker.on("messageerror", () => void worker.terminate());
    worker.on("exit", () => {
      const why = ended(this);
      for (const { reject } of this.#pending.values()) reject(why);
      this.#pending.clear();
    });
    // After the first listener for messages, which refs it again.
    worker.unref();
  }

  get pairs(): number {
    return this.#pending.size;
  }

  make(type: PairType, seed: Uint8Array): Promise<TestedPair> {
    return new Promise((resolve, reject) => {
      const order: PairOrder = { job: ++this.#jobs, type, seed: owned(seed) };
      this.#pending.set(order.job, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(order, [order.seed.buffer as ArrayBuffer]);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered({ job, pair }: PairAnswer): void {
    const pending = this.#pending.get(job)!;
    this.#pending.delete(job);
    if (this.#pending.size === 0) this.#worker.unref();
    if (pair === null) pending.reject(new Error("the pair could not be made"));
    else pending.resolve(pair);
  }
}

/**
 * Pairs are made in threads of their own, so that draws do not wait for them. The first thread is
 * started with the first pair, another when all are busy; one that dies is started again by the next.
 */
export class PairThreads implements PairMaker {
  readonly #most: number;
  readonly #start: () => Worker;
  readonly #threads = new Set<PairThread>();
  readonly #handed: Slots;
  #isStopped = false;

  /**
   * @param most threads at once; from 1
   * @param start a thread; a test starts one that has a defect
   */
  constructor(most: number, start: () => Worker = startWorker) {
    this.#most = most;
    this.#start = start;
    this.#handed = new Slots(most * HANDED_PAIRS, Infinity);
  }

  async make(type: PairType, seed: Uint8Array, signal?: AbortSignal): Promise<TestedPair> {
    await this.#handed.acquire(signal);
    try {
      if (this.#isStopped) throw stopped();
      return await this.#leastBusy().make(type, seed);
    } finally {
      this.#handed.release();
    }
  }

  /** What is under way, or waits for its turn, is not made any more: `shutting_down`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#threads].map((thread) => thread.stop()));
  }

  #leastBusy(): PairThread {
    let least: PairThread | null = null;
    for (const thread of this.#threads)
      if (least === null || thread.pairs < least.pairs) least = thread;
    const isEnough = least !== null && least.pairs < BUSY_PAIRS;
    if (least !== null && (isEnough || this.#threads.size >= this.#most)) return least;
    const worker = this.#started(least !== null);
    if (worker === null) return least!;
    const started = new PairThread(worker, (thread) => {
      this.#threads.delete(thread);
      return this.#isStopped ? stopped() : new Error("the thread that makes pairs ended");
    });
    this.#threads.add(started);
    return started;
  }

  /** Null where the system gives no further one, and there is another to do its work. */
  #started(isFurther: boolean): Worker | null {
    try {
      return this.#start();
    } catch (error) {
      if (isFurther) return null;
      throw error;
    }
  }
}

const stopped = (): SpringhouseError =>
  new SpringhouseError("shutting_down", "The service is stopping.");
