import type { SessionEnd, SessionEndReason } from "../port/source.ts";

/**
 * One session of a source: ends once, for the first reason given, and releases what was deferred.
 * An abort is such a reason, so a source that defers all it holds keeps the contract's "releases".
 */
export class Session {
  /** Resolves with the end; rejects when a callback under `guard` threw, which is a bug. */
  readonly ended: Promise<SessionEnd>;
  #over = false;
  #releases: (() => void)[] = [];
  readonly #resolve: (end: SessionEnd) => void;
  readonly #reject: (error: unknown) => void;

  constructor(signal: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<SessionEnd>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    const abort = (): void => this.end("aborted", "the session was ended by the service");
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    this.defer(() => signal.removeEventListener("abort", abort));
  }

  /** True once the session has ended: nothing may go to the sink any more. */
  get over(): boolean {
    return this.#over;
  }

  end(reason: SessionEndReason, detail: string): void {
    if (this.#close()) this.#resolve({ reason, detail });
  }

  /** Releases something at the end, last deferred first; at once when the end has come already. */
  defer(release: () => void): void {
    if (this.#over) release();
    else this.#releases.push(release);
  }

  /** Runs `task` unless the session is over. What it throws ends the session as a bug. */
  guard(task: () => void): void {
    if (this.#over) return;
    try {
      task();
    } catch (error) {
      if (this.#close()) this.#reject(error);
    }
  }

  #close(): boolean {
    if (this.#over) return false;
    this.#over = true;
    for (const release of this.#releases.toReversed()) release();
    this.#releases = [];
    return true;
  }
}
