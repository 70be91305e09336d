import { Worker } from "node:worker_threads";
import type { PairType } from "../derive/derivePair.ts";
import type { TestedPair } from "./makePair.ts";
import type { PairMaker } from "./pairMaker.ts";
import { owned, type PairAnswer, type PairOrder } from "./pairProtocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../../worker/pairMaker.${EXTENSION}`, import.meta.url);

/** Another thread is started once each has so many pairs to make: of the cheapest, half a millisecond. */
const BUSY_PAIRS = 4;

interface Pending {
  readonly resolve: (pair: TestedPair) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that makes one pair after the other, in the order in which they were asked for. */
class PairThread {
  readonly #worker = new Worker(ENTRY, { name: "pairs" });
  readonly #pending = new Map<number, Pending>();
  #jobs = 0;

  constructor(ended: (thread: PairThread) => void) {
    // It never keeps the process alive. Of what it fails with nothing is passed on: an error's text
    // might hold a value.
    this.#worker.unref();
    this.#worker.on("message", (answer: PairAnswer) => this.#answered(answer));
    this.#worker.on("error", () => {});
    this.#worker.on("exit", () => {
      ended(this);
      for (const { reject } of this.#pending.values())
        reject(new Error("the thread that makes pairs ended"));
      this.#pending.clear();
    });
  }

  get pairs(): number {
    return this.#pending.size;
  }

  make(type: PairType, seed: Uint8Array): Promise<TestedPair> {
    return new Promise((resolve, reject) => {
      const order: PairOrder = { job: ++this.#jobs, type, seed: owned(seed) };
      this.#pending.set(order.job, { resolve, reject });
      this.#worker.postMessage(order, [order.seed.buffer as ArrayBuffer]);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered({ job, pair }: PairAnswer): void {
    const pending = this.#pending.get(job)!;
    this.#pending.delete(job);
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
  readonly #threads = new Set<PairThread>();
  #isStopped = false;

  /** @param most threads at once; from 1 */
  constructor(most: number) {
    this.#most = most;
  }

  async make(type: PairType, seed: Uint8Array): Promise<TestedPair> {
    if (this.#isStopped) throw new Error("no more pairs are made");
    return this.#leastBusy().make(type, seed);
  }

  /** What is under way is not made any more. */
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
    const started = new PairThread((thread) => void this.#threads.delete(thread));
    this.#threads.add(started);
    return started;
  }
}
