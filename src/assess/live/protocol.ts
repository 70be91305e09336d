import type { LiveFigure } from "../../port/liveEstimate.ts";

/*
 * What the noise path and the estimators' thread say to each other. One task, one answer, in order.
 * The samples are in shared memory, so that nothing is copied that would then lie about: the thread
 * reads them there, and both sides overwrite them.
 */

export interface LiveTask {
  readonly task: number;
  readonly bitsPerSample: number;
  /** The samples of the window, from its front. */
  readonly window: Uint8Array<SharedArrayBuffer>;
  readonly samples: number;
}

export interface LiveAnswer {
  readonly task: number;
  readonly figures: readonly LiveFigure[];
  /** CPU time that the window took. */
  readonly cpuMilliseconds: number;
}

export interface LiveThreadListener {
  answered(answer: LiveAnswer): void;
  /** It died, and every task with it. */
  lost(): void;
}

/** A thread that estimates; `stop` ends it, and `lost` is then not called. */
export interface LiveThread {
  estimate(task: LiveTask): void;
  stop(): Promise<void>;
}

export type StartLiveThread = (listener: LiveThreadListener) => LiveThread;
