import { parentPort, workerData } from "node:worker_threads";
import { estimatePart } from "../assess/nonIid/nonIid.ts";
import type { EstimatorMessage, EstimatorTask } from "../assess/runNonIid.ts";

/* The thread in which one half of the non-IID estimators runs, since each takes seconds. */

if (!parentPort) throw new Error("estimator runs as a worker thread only");
const port = parentPort;
const tell = (message: EstimatorMessage): void => port.postMessage(message);

const { part, samples } = workerData as EstimatorTask;
tell({ finished: estimatePart(part, samples, (estimate) => tell({ estimate })) });
