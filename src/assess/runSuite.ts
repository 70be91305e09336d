import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Samples } from "./samples.ts";
import type { SuiteParameters } from "./suite.ts";
import { loadSuite, type AnySuite, type SuiteName } from "./suites.ts";
import type { Campaign } from "./campaign.ts";

/** In the published build the worker's file ends as this one does. */
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";
const ENTRY = new URL(`../worker/assessor.${EXTENSION}`, import.meta.url);

/** What a thread is born with. */
export interface AssessorData {
  readonly suite: SuiteName;
  readonly samples: Samples;
  /** 0 to 19, as nice(1) has it. */
  readonly niceness: number;
}
export type AssessorMessage = { readonly progress: string } | { readonly part: unknown };

export interface Run {
  readonly suite: SuiteName;
  /** Shared memory is not copied for each thread. */
  readonly samples: Samples;
  readonly parameters: SuiteParameters;
  readonly threads: number;
  /** 0 to 19: how far the threads give way to others. */
  readonly niceness: number;
  /** Nobody else needs the thread that calls: what is brief is done in it. */
  readonly mayBlock?: boolean;
  /** Ends it at once. */
  readonly signal: AbortSignal;
  /** Time is up: it ends with what it has, or where that is no result, as by `signal`. */
  readonly expiry?: AbortSignal;
  /** How far it is, for a person. */
  readonly progress: (text: string) => void;
}

/**
 * A suite on threads, so that this one stays free.
 * @throws the signal's reason, or the Error that a thread ended with
 */
export async function runSuite(run: Run): Promise<unknown> {
  const { suite, samples, parameters, signal } = run;
  signal.throwIfAborted();
  const loaded = await loadSuite(suite);
  signal.throwIfAborted();
  const campaign = loaded.campaign(samples, parameters);
  if (run.mayBlock === true && loaded.isBrief?.(samples) === true)
    return runHere(loaded, campaign, run);
  const failed = new AbortController();
  const crew = new Crew(campaign, run, AbortSignal.any([signal, failed.signal]));
  const expire = (): void => {
    if (campaign.expire) campaign.expire();
    else failed.abort(run.expiry!.reason);
  };
  if (run.expiry?.aborted) expire();
  failed.signal.throwIfAborted();
  run.expiry?.addEventListener("abort", expire, { once: true });
  const threads = Array.from({ length: run.threads }, () =>
    crew.work().catch((error: unknown) => {
      // A part alone is no result: neither this thread nor the others need go on.
      failed.abort(error);
      throw error;
    }),
  );
  try {
    await Promise.all(threads);
  } finally {
    run.expiry?.removeEventListener("abort", expire);
  }
  return resultOf(campaign, suite);
}

function resultOf(campaign: AnyCampaign, suite: SuiteName): unknown {
  const found = campaign.result();
  if (found === null) throw new Error(`${suite} ended without a result`);
  return found;
}

/** One task after the other. A signal is seen between two. */
async function runHere(
  suite: AnySuite,
  campaign: AnyCampaign,
  { samples, progress, signal, expiry, suite: name }: Run,
): Promise<unknown> {
  for (let task = campaign.next(); task !== null; task = campaign.next()) {
    campaign.take(task, suite.run(samples, task, progress));
    progress(campaign.progress());
    await setImmediate();
    signal.throwIfAborted();
    expiry?.throwIfAborted();
  }
  return resultOf(campaign, name);
}

type AnyCampaign = Campaign<unknown, unknown, unknown>;

/** Threads that take tasks until there are none; one without a task waits for what others find. */
class Crew {
  readonly #campaign: AnyCampaign;
  readonly #run: Run;
  readonly #signal: AbortSignal;
  readonly #idle = new Set<() => void>();

  constructor(campaign: AnyCampaign, run: Run, signal: AbortSignal) {
    this.#campaign = campaign;
    this.#run = run;
    this.#signal = signal;
  }

  work(): Promise<void> {
    const { suite, samples, niceness, progress } = this.#run;
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      let task: unknown = null;
      let worker: Worker | null = null;
      const abort = (): void => {
        void worker?.terminate();
        reject(signal.reason as Error);
      };
      const takeTask = (): void => {
        task = this.#campaign.next();
        // A thread takes a tenth of a second to start, which one without a task is not worth.
        if (task !== null) (worker ??= start()).postMessage(task);
        else if (this.#campaign.result() === null) {
          this.#idle.add(takeTask);
          if (this.#idle.size === this.#run.threads) reject(new Error(`${suite} gives no task`));
        } else {
          signal.removeEventListener("abort", abort);
          resolve();
          void worker?.terminate();
        }
      };
      const take = (message: AssessorMessage): void => {
        if ("progress" in message) {
          progress(message.progress);
          return;
        }
        this.#campaign.take(task, message.part);
        progress(this.#campaign.progress());
        takeTask();
        const idle = [...this.#idle];
        this.#idle.clear();
        for (const other of idle) other();
      };
      const start = (): Worker => {
        const workerData: AssessorData = { suite, samples, niceness };
        const started = new Worker(ENTRY, { workerData, name: "assessor" });
        started.on("message", (message: AssessorMessage) => {
          // Nobody catches what a listener throws: it would end the service, and this only an assessment.
          try {
            take(message);
          } catch (error) {
            reject(error);
          }
        });
        started.once("messageerror", reject);
        started.once("error", reject);
        started.once("exit", (code) => {
          signal.removeEventListener("abort", abort);
          reject(new Error(`an assessor's thread ended with ${code}`));
        });
        return started;
      };
      signal.addEventListener("abort", abort, { once: true });
      takeTask();
    });
  }
}
