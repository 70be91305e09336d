import { parentPort, workerData } from "node:worker_threads";
import { estimates } from "../assess/nonIid/nonIid.ts";
import type { EstimatorMessage, EstimatorTask } from "../assess/runNonIid.ts";
import type { Samples } from "../assess/samples.ts";

/* A thread in which estimators run, since each takes up to seconds. */

if (!parentPort) throw new Error("estimator runs as a worker thread only");
const port = parentPort;
const samples = workerData as Samples;
const tell = (message: EstimatorMessage): void => port.postMessage(message);

port.on("message", ({ part, group }: EstimatorTask) => {
  for (const estimate of estimates(part, group, samples)) tell({ estimate });
  tell({ finished: true });
});
