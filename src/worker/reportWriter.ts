import { parentPort, workerData } from "node:worker_threads";
import type { ReportWriterData } from "../assess/report/htmlOf.ts";
import { page } from "../assess/report/page.ts";
import { giveWay } from "../platform/giveWay.ts";

/* A thread in which one report is written, since its pictures take a moment. */

if (!parentPort) throw new Error("reportWriter runs as a worker thread only");
const { niceness, ...input } = workerData as ReportWriterData;
giveWay(niceness);
parentPort.postMessage(page(input));
