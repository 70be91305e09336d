import { parentPort, workerData } from "node:worker_threads";
import type { AssessorData, AssessorMessage } from "../assess/runSuite.ts";
import { giveWay } from "../platform/giveWay.ts";
import { loadSuite } from "../assess/suites.ts";

/* A thread in which a suite's tasks run, since each takes up to seconds or minutes. */

if (!parentPort) throw new Error("assessor runs as a worker thread only");
const port = parentPort;
const { suite: name, samples, niceness } = workerData as AssessorData;
const tell = (message: AssessorMessage): void => port.postMessage(message);

giveWay(niceness);
const suite = await loadSuite(name);
port.on("message", (task: unknown) => {
  tell({ part: suite.run(samples, task, (progress) => tell({ progress })) });
});
