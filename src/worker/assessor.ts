import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { AssessorData, AssessorMessage } from "../assess/runSuite.ts";
import { suiteOf } from "../assess/suites.ts";

/* A thread in which a suite's tasks run, since each takes up to seconds or minutes. */

if (!parentPort) throw new Error("assessor runs as a worker thread only");
const port = parentPort;
const { suite: name, samples, niceness } = workerData as AssessorData;
const suite = suiteOf(name);
const tell = (message: AssessorMessage): void => port.postMessage(message);

/** Linux keeps a priority for each thread: this one gives way to those that answer clients. */
function giveWay(): void {
  try {
    // PID/task/TID of the thread that asks.
    setPriority(Number(readlinkSync("/proc/thread-self").split("/")[2]), niceness);
  } catch {
    // Elsewhere, or where it is forbidden, the scheduler's fairness has to do.
  }
}

if (niceness > 0) giveWay();
port.on("message", (task: unknown) => {
  tell({ part: suite.run(samples, task, (progress) => tell({ progress })) });
});
