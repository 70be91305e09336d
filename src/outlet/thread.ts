import { Worker } from "node:worker_threads";
import type { OutletListener, OutletThread, StartOutletThread, ToHouse } from "./protocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
export const OUTLET_WORKER = new URL(`../worker/outlet.${EXTENSION}`, import.meta.url);
/** To overwrite an instance's state, which takes microseconds once the thread is free. */
const STOP_MILLISECONDS = 1000;

/**
 * An outlet's thread. It keeps the process alive until it is stopped: at a stop the house waits for what
 * becomes of the connections that it has from it.
 */
export const startOutletThread: StartOutletThread = (terms, listener) =>
  threadOf(new Worker(OUTLET_WORKER, { workerData: terms, name: terms.instance }), listener);

/** What the house has of a thread. */
export function threadOf(worker: Worker, listener: OutletListener): OutletThread {
  let isStopped = false;
  let hasExited = false;
  let cause: string | null = null;
  // Only this: what a thread said before it ended still comes before it.
  worker.on("exit", () => {
    hasExited = true;
    if (!isStopped) listener.lost(cause);
  });
  // Of what it fails with no more than the code is passed on: an error's text might hold a value.
  worker.on("error", (error: NodeJS.ErrnoException) => (cause = error.code ?? null));
  worker.on("message", (message: ToHouse) => listener.told(message));
  return {
    tell: (message, transfer) => worker.postMessage(message, [...(transfer ?? [])]),
    stop: async () => {
      isStopped = true;
      if (hasExited) return;
      const exited = new Promise((resolve) => worker.once("exit", resolve));
      worker.postMessage({ stop: true });
      const timer = setTimeout(() => void worker.terminate(), STOP_MILLISECONDS);
      await exited;
      clearTimeout(timer);
    },
  };
}
