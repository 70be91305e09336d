import type { LiveFigure, LiveSnapshot, LiveTerms } from "../../port/liveEstimate.ts";
import { Episode } from "./episode.ts";
import { LEAST_SAMPLES, WINDOW_SAMPLES } from "./liveEstimator.ts";

/**
 * Samples that are to seed something do not wait for a window of a slow source: after this long it
 * is taken as it is. A source that gives less than 17 samples a second meanwhile has no estimate.
 */
export const LONGEST_FILL_MILLISECONDS = 60_000;
/** Windows that should have been ready: with so many missed, the last one says nothing of now. */
const STALE_WINDOWS = 3;

type Phase = "resting" | "filling" | "estimating";

/** What a window came to. */
export interface WindowResult {
  readonly figures: readonly LiveFigure[];
  readonly wallMilliseconds: number;
  readonly monotonicMilliseconds: number;
}

/**
 * The windows of one source, one after the other: it rests, fills, is with the estimators, rests. The
 * memory is used again and again, and overwritten between any two.
 */
export class SourceWindow {
  readonly terms: LiveTerms;
  readonly episode = new Episode();
  /** Made with the first sample: an absent device needs none. */
  #memory: Uint8Array<SharedArrayBuffer> | null = null;
  #phase: Phase = "resting";
  #filled = 0;
  #from = 0;
  #restUntil = -Infinity;
  #restMilliseconds = 0;
  #estimated = 0;
  #broken = 0;
  #lost = 0;
  #last: (WindowResult & { readonly samples: number }) | null = null;

  constructor(terms: LiveTerms) {
    this.terms = terms;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Samples of the window that fills or is estimated. */
  get samples(): number {
    return this.#filled;
  }

  get memory(): Uint8Array<SharedArrayBuffer> {
    this.#memory ??= new Uint8Array(new SharedArrayBuffer(WINDOW_SAMPLES));
    return this.#memory;
  }

  /** @returns true when the window is complete: `begin` is next */
  add(symbols: Uint8Array, now: number): boolean {
    if (this.#phase === "estimating" || now < this.#restUntil) return false;
    if (this.#phase === "resting") {
      this.#phase = "filling";
      this.#from = now;
    }
    const taken = Math.min(symbols.length, WINDOW_SAMPLES - this.#filled);
    this.memory.set(symbols.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return this.#filled === WINDOW_SAMPLES || this.isDue(now);
  }

  /** It fills for as long as samples may stay. */
  isDue(now: number): boolean {
    return this.#phase === "filling" && now - this.#from >= LONGEST_FILL_MILLISECONDS;
  }

  /** The next sample does not follow on. @returns true when what there is suffices: `begin` is next */
  end(): boolean {
    if (this.#phase !== "filling") return false;
    if (this.#filled >= LEAST_SAMPLES) return true;
    this.discard();
    return false;
  }

  /** Overwrites a window that fills; one that is with the estimators was complete before. */
  discard(): void {
    if (this.#phase !== "filling") return;
    this.#wipe();
    this.#broken++;
  }

  /** It goes to the estimators. */
  begin(): void {
    this.#phase = "estimating";
  }

  /** It came back. @param restMilliseconds until the next one may begin */
  finish(result: WindowResult, restMilliseconds: number): void {
    this.#last = { ...result, samples: this.#filled };
    this.#estimated++;
    this.#rest(result.monotonicMilliseconds, restMilliseconds);
  }

  /** It will not come back. */
  lose(now: number, restMilliseconds: number): void {
    if (this.#phase !== "estimating") return;
    this.#lost++;
    this.#rest(now, restMilliseconds);
    // A thread that hung may still be at it, and would overwrite the next window.
    this.#memory = null;
  }

  wipe(): void {
    this.#memory?.fill(0);
  }

  snapshot(now: number): LiveSnapshot {
    const longest = LONGEST_FILL_MILLISECONDS + this.#restMilliseconds;
    const last = this.#last;
    const isFresh = last !== null && now - last.monotonicMilliseconds < STALE_WINDOWS * longest;
    return {
      claimedEntropy: this.terms.claimedEntropy,
      atMilliseconds: last?.wallMilliseconds ?? null,
      samples: last?.samples ?? 0,
      figures: isFresh ? last.figures : [],
      low: this.episode.low,
      windows: { estimated: this.#estimated, broken: this.#broken, lost: this.#lost },
    };
  }

  #rest(now: number, milliseconds: number): void {
    this.#wipe();
    this.#restMilliseconds = milliseconds;
    this.#restUntil = now + milliseconds;
  }

  #wipe(): void {
    this.#memory?.fill(0, 0, this.#filled);
    this.#filled = 0;
    this.#phase = "resting";
  }
}
