import type { Cancel, Clock } from "../../port/clock.ts";
import type { Observer } from "../../port/event.ts";
import type {
  LiveEstimation,
  LiveFigure,
  LiveSnapshot,
  LiveTerms,
} from "../../port/liveEstimate.ts";
import { Backoff } from "../../source/backoff.ts";
import type { LiveAnswer, LiveThread, StartLiveThread } from "./protocol.ts";
import { SourceWindow } from "./sourceWindow.ts";

export interface LiveWatchOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly startThread: StartLiveThread;
  /** The shortest pause between two windows of a source. */
  readonly intervalMilliseconds: number;
}

/** Share of a core that all sources' estimates together may take: each rests for so long. */
const CPU_SHARE = 0.01;
/** A window takes about 50 ms; a thread that needs so long for one hangs. */
const HUNG_MILLISECONDS = 60_000;

/**
 * Takes windows of what is conditioned, lets a thread estimate them, and tells when a claim is
 * refuted. Nothing here stops a source, and nothing waits: a window that cannot be had is counted.
 */
export class LiveWatch implements LiveEstimation {
  readonly #options: LiveWatchOptions;
  readonly #sources = new Map<string, SourceWindow>();
  readonly #backoff = new Backoff();
  readonly #inFlight = new Map<number, { readonly source: SourceWindow; readonly hung: Cancel }>();
  #tasks = 0;
  #thread: LiveThread | null = null;
  #threadSince = 0;
  #restartAt = -Infinity;
  #stopped = false;

  constructor(options: LiveWatchOptions) {
    this.#options = options;
  }

  open(terms: LiveTerms): void {
    this.#sources.set(terms.source, new SourceWindow(terms));
  }

  conditioned(source: string, symbols: Uint8Array): void {
    const window = this.#sources.get(source);
    if (!window || this.#stopped || symbols.length === 0) return;
    if (window.add(symbols, this.#now())) this.#take(window);
  }

  broken(source: string): void {
    const window = this.#sources.get(source);
    if (window?.end()) this.#take(window);
  }

  discarded(source: string): void {
    this.#sources.get(source)?.discard();
  }

  snapshot(source: string): LiveSnapshot | null {
    return this.#sources.get(source)?.snapshot(this.#now()) ?? null;
  }

  /** Ends the thread, and overwrites what is held. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { hung } of this.#inFlight.values()) hung();
    this.#inFlight.clear();
    const thread = this.#thread;
    this.#thread = null;
    await thread?.stop();
    for (const window of this.#sources.values()) window.wipe();
  }

  #now(): number {
    return this.#options.clock.monotonicMilliseconds();
  }

  #take(window: SourceWindow): void {
    if (!window.end()) return;
    const thread = this.#runningThread();
    window.begin();
    if (!thread) {
      window.lose(this.#now(), this.#options.intervalMilliseconds);
      return;
    }
    const task = ++this.#tasks;
    const hung = this.#options.clock.schedule(HUNG_MILLISECONDS, () => {
      void thread.stop();
      this.#lost();
    });
    this.#inFlight.set(task, { source: window, hung });
    const { bitsPerSample } = window.terms;
    thread.estimate({ task, bitsPerSample, window: window.memory, samples: window.samples });
  }

  /** Started with the first window, and again after it died, but not at once. */
  #runningThread(): LiveThread | null {
    if (this.#thread || this.#stopped || this.#now() < this.#restartAt) return this.#thread;
    this.#threadSince = this.#now();
    const started: { thread: LiveThread | null } = { thread: null };
    try {
      started.thread = this.#options.startThread({
        answered: (answer) => this.#answered(answer),
        lost: () => {
          if (started.thread !== null && this.#thread === started.thread) this.#lost();
        },
      });
    } catch {
      // No thread can be had now; this is the noise path, which goes on without.
      this.#lost();
      return null;
    }
    this.#thread = started.thread;
    return this.#thread;
  }

  #lost(): void {
    this.#thread = null;
    const now = this.#now();
    this.#restartAt = now + this.#backoff.ended(now - this.#threadSince);
    for (const { source, hung } of this.#inFlight.values()) {
      hung();
      source.lose(now, this.#options.intervalMilliseconds);
    }
    this.#inFlight.clear();
  }

  #answered({ task, figures, cpuMilliseconds }: LiveAnswer): void {
    const found = this.#inFlight.get(task);
    if (!found) return;
    found.hung();
    this.#inFlight.delete(task);
    const { clock, intervalMilliseconds } = this.#options;
    const restMilliseconds = Math.max(
      intervalMilliseconds,
      (cpuMilliseconds * this.#sources.size) / CPU_SHARE,
    );
    const [wallMilliseconds, monotonicMilliseconds] = [clock.wallMilliseconds(), this.#now()];
    const { source } = found;
    const { samples } = source;
    source.finish({ figures, wallMilliseconds, monotonicMilliseconds }, restMilliseconds);
    this.#judge(source, figures, samples);
  }

  #judge({ terms, episode }: SourceWindow, figures: readonly LiveFigure[], samples: number): void {
    const { source, claimedEntropy } = terms;
    const worst = lowest(figures);
    if (worst === null) return;
    const change = episode.window(worst.upper < claimedEntropy);
    if (change === null) return;
    const { estimator, estimate, lower, upper } = worst;
    const began = change === "began";
    this.#options.observer.event({
      kind: began ? "live_estimate_low" : "live_estimate_recovered",
      atMilliseconds: this.#options.clock.wallMilliseconds(),
      source,
      severity: began ? "warning" : "info",
      actor: null,
      reason: null,
      detail: began
        ? `at most ${upper.toFixed(3)} bits a sample by ${estimator}, where ${claimedEntropy} are claimed`
        : `no estimator refutes the claim of ${claimedEntropy} bits a sample any more`,
      data: { estimator, lower, estimate, upper, claim: claimedEntropy, samples },
    });
  }
}

type Judge = LiveFigure & { readonly upper: number };

/** The figure whose upper end is lowest, of those that have one. */
function lowest(figures: readonly LiveFigure[]): Judge | null {
  let worst: Judge | null = null;
  for (const figure of figures)
    if (figure.upper !== null && (worst === null || figure.upper < worst.upper))
      worst = { ...figure, upper: figure.upper };
  return worst;
}
