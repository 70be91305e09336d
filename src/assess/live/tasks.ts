import { LiveEstimator } from "./liveEstimator.ts";
import type { LiveAnswer, LiveTask } from "./protocol.ts";

/** The estimators of each width, kept, since their tables are of some megabytes. */
export class LiveTasks {
  readonly #estimators = new Map<number, LiveEstimator>();

  /**
   * Overwrites the window, also where an estimator fails.
   * @returns no figures for a window that is too short
   */
  figures({ bitsPerSample, window, samples }: LiveTask): LiveAnswer["figures"] {
    let estimator = this.#estimators.get(bitsPerSample);
    if (!estimator) {
      estimator = new LiveEstimator({ bitsPerSample, windowSamples: window.length });
      this.#estimators.set(bitsPerSample, estimator);
    }
    try {
      estimator.push(window.subarray(0, samples));
      return estimator.estimate() ?? [];
    } finally {
      window.fill(0);
      estimator.wipe();
    }
  }
}
