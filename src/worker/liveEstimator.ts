import { parentPort } from "node:worker_threads";
import type { LiveAnswer, LiveTask } from "../assess/live/protocol.ts";
import { LiveTasks } from "../assess/live/tasks.ts";

/* The one thread in which the samples of all sources are estimated while they come. */

if (!parentPort) throw new Error("liveEstimator runs as a worker thread only");
const port = parentPort;
const tasks = new LiveTasks();

port.on("message", (task: LiveTask) => {
  const before = process.threadCpuUsage();
  const figures = tasks.figures(task);
  const { user, system } = process.threadCpuUsage(before);
  const answer: LiveAnswer = { task: task.task, figures, cpuMilliseconds: (user + system) / 1000 };
  port.postMessage(answer);
});
