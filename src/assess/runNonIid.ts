import { Worker } from "node:worker_threads";
import { assembleNonIid, type AnyEstimate, type NonIid, type Part } from "./nonIid/nonIid.ts";
import type { Samples } from "./samples.ts";

const ENTRY = new URL("../worker/estimator.ts", import.meta.url);

/** What the thread is given, and what it says. */
export interface EstimatorTask {
  readonly part: Part;
  readonly samples: Samples;
}
export type EstimatorMessage =
  | { readonly estimate: AnyEstimate }
  | { readonly finished: readonly AnyEstimate[] | null };

/** One half in a thread of its own, which ends with the signal. */
function runPart(
  task: EstimatorTask,
  signal: AbortSignal,
  done: (estimate: AnyEstimate) => void,
): Promise<readonly AnyEstimate[] | null> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(ENTRY, { workerData: task, name: `estimator ${task.part}` });
    const abort = (): void => {
      void worker.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    worker.on("message", (message: EstimatorMessage) => {
      if ("estimate" in message) done(message.estimate);
      else resolve(message.finished);
    });
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal.removeEventListener("abort", abort);
      reject(new Error(`an estimator's thread ended with ${code}`));
    });
  });
}

/**
 * The non-IID track on two threads, so that this one stays free.
 * @param done called with each estimate as it is ready
 * @throws the signal's reason
 */
export async function runNonIid(
  samples: Samples,
  signal: AbortSignal,
  done: (part: Part, estimate: AnyEstimate) => void = () => {},
): Promise<NonIid> {
  signal.throwIfAborted();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const run = (part: Part) =>
    runPart({ part, samples }, either, (estimate) => done(part, estimate)).catch(
      (error: unknown) => {
        // One half alone is no result: the other need not go on.
        failed.abort(error);
        throw error;
      },
    );
  const [literal, bitstring] = await Promise.all([run("literal"), run("bitstring")]);
  return assembleNonIid(samples, literal ?? [], bitstring);
}
