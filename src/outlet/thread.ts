import { Worker } from "node:worker_threads";
import type { StartOutletThread, ToHouse } from "./protocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../worker/outlet.${EXTENSION}`, import.meta.url);
/** To overwrite an instance's state, which takes microseconds once the thread is free. */
const STOP_MILLISECONDS = 1000;

/**
 * An outlet's thread. It never keeps the process alive. What it fails with is not passed on: an error's
 * text might hold a value.
 */
export const startOutletThread: StartOutletThread = (terms, listener) => {
  const worker = new Worker(ENTRY, { workerData: terms, name: terms.instance });
  worker.unref();
  let isStopped = false;
  // Only this: what a thread said before it ended still comes before it.
  worker.on("exit", () => {
    if (!isStopped) listener.lost();
  });
  worker.on("error", () => {});
  worker.on("message", (message: ToHouse) => listener.told(message));
  return {
    tell: (message, transfer) => worker.postMessage(message, [...(transfer ?? [])]),
    stop: async () => {
      isStopped = true;
      const exited = new Promise((resolve) => worker.once("exit", resolve));
      worker.ref();
      worker.postMessage({ stop: true });
      const timer = setTimeout(() => void worker.terminate(), STOP_MILLISECONDS);
      await exited;
      clearTimeout(timer);
    },
  };
};
