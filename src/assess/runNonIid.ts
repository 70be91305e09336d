import { Worker } from "node:worker_threads";
import {
  assembleNonIid,
  type AnyEstimate,
  type Group,
  type NonIid,
  type Part,
} from "./nonIid/nonIid.ts";
import type { Samples } from "./samples.ts";

const ENTRY = new URL("../worker/estimator.ts", import.meta.url);
const THREADS = 2;

/** What a thread is asked to do, one after the other. */
export interface EstimatorTask {
  readonly part: Part;
  readonly group: Group;
}
/** What it says: each estimate, and when all of a task are told. */
export type EstimatorMessage = { readonly estimate: AnyEstimate } | { readonly finished: true };

/** The longest first, so that the threads end together. */
const TASKS: readonly EstimatorTask[] = [
  { part: "bitstring", group: "counts" },
  { part: "bitstring", group: "predictors" },
  { part: "literal", group: "predictors" },
  { part: "literal", group: "counts" },
];

type Found = Record<Part, Record<Group, AnyEstimate[]>>;

/** One thread that takes tasks until there are none; ends at once with the signal. */
function runThread(
  samples: Samples,
  tasks: EstimatorTask[],
  signal: AbortSignal,
  found: (task: EstimatorTask, estimate: AnyEstimate) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let task = tasks.shift();
    if (!task) {
      resolve();
      return;
    }
    const worker = new Worker(ENTRY, { workerData: samples, name: "estimator" });
    const abort = (): void => {
      void worker.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    worker.on("message", (message: EstimatorMessage) => {
      if ("estimate" in message) {
        found(task!, message.estimate);
        return;
      }
      task = tasks.shift();
      if (task) worker.postMessage(task);
      else {
        resolve();
        void worker.terminate();
      }
    });
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal.removeEventListener("abort", abort);
      reject(new Error(`an estimator's thread ended with ${code}`));
    });
    worker.postMessage(task);
  });
}

/**
 * The non-IID track on two threads, so that this one stays free.
 * @param samples in shared memory they are not copied
 * @param done called with each estimate as it is ready
 * @throws the signal's reason
 */
export async function runNonIid(
  samples: Samples,
  signal: AbortSignal,
  done: (part: Part, estimate: AnyEstimate) => void = () => {},
): Promise<NonIid> {
  signal.throwIfAborted();
  const results: Found = {
    literal: { counts: [], predictors: [] },
    bitstring: { counts: [], predictors: [] },
  };
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const tasks = [...TASKS];
  const thread = () =>
    runThread(samples, tasks, either, ({ part, group }, estimate) => {
      results[part][group].push(estimate);
      done(part, estimate);
    }).catch((error: unknown) => {
      // A part alone is no result: the other thread need not go on.
      failed.abort(error);
      throw error;
    });
  await Promise.all(Array.from({ length: THREADS }, thread));
  const { literal, bitstring } = results;
  return assembleNonIid(
    samples,
    [...literal.counts, ...literal.predictors],
    [...bitstring.counts, ...bitstring.predictors],
  );
}
