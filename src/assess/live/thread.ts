import { Worker } from "node:worker_threads";
import type { LiveAnswer, StartLiveThread } from "./protocol.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../../worker/liveEstimator.${EXTENSION}`, import.meta.url);

/**
 * The estimators' thread. It never keeps the process alive. What it fails with is not passed on: an
 * error's text might hold a value.
 */
export const startLiveThread: StartLiveThread = (listener) => {
  const worker = new Worker(ENTRY, { name: "live estimate" });
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    listener.lost();
  };
  worker.on("message", (answer: LiveAnswer) => {
    if (!ended) listener.answered(answer);
  });
  worker.on("error", end);
  worker.on("messageerror", end);
  worker.on("exit", end);
  // Last: to listen to messages keeps the process alive.
  worker.unref();
  return {
    estimate: (task) => worker.postMessage(task),
    stop: async () => {
      ended = true;
      await worker.terminate();
    },
  };
};
