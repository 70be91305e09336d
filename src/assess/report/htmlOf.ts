import { Worker } from "node:worker_threads";
import type { PageInput } from "./page.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../../worker/reportWriter.${EXTENSION}`, import.meta.url);

/** What the thread is born with. */
export interface ReportWriterData extends PageInput {
  /** 0 to 19, as nice(1) has it. */
  readonly niceness: number;
}

/** The page, written by a thread: its pictures take a moment. @throws the signal's reason */
export function htmlOf(input: PageInput, niceness: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const workerData: ReportWriterData = { ...input, niceness };
    const worker = new Worker(ENTRY, { workerData, name: "report writer" });
    const abort = (): void => {
      void worker.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    worker.once("message", (html: string) => resolve(html));
    worker.once("messageerror", reject);
    worker.once("error", reject);
    worker.once("exit", (code) => {
      signal.removeEventListener("abort", abort);
      reject(new Error(`the report writer's thread ended with ${code}`));
    });
  });
}
