import type { Clock } from "../../port/clock.ts";
import type { SessionEnd, SessionEndReason } from "../../port/source.ts";

/** Unwinds a handshake. It never leaves this folder: `run` turns it into the value it carries. */
export class SessionEnded extends Error {
  readonly end: SessionEnd;

  constructor(reason: SessionEndReason, detail: string) {
    super(detail);
    this.end = { reason, detail };
  }
}

/**
 * What every wait of one session is bounded by: the abort signal, the port's own end, and a
 * time-out. There is no wait in a session that does not go through it.
 */
export class Scope {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly #over: Promise<never>;
  #fail!: (error: unknown) => void;
  readonly #onAbort = (): void => {
    this.#fail(new SessionEnded("aborted", "the session was ended by the service"));
  };

  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
    this.#over = new Promise<never>((_, reject) => (this.#fail = reject));
    this.#over.catch(() => {}); // it is looked at through `wait`, or nobody waits any more
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Every wait of the session, now and later, rejects with this. The first call counts. */
  fail(error: unknown): void {
    this.#fail(error);
  }

  /**
   * @param timeout how long, and what the session ends with when it takes longer
   * @throws SessionEnded, or what `promise` rejects with
   */
  async wait<T>(
    promise: Promise<T>,
    timeout?: { readonly milliseconds: number; readonly end: SessionEnd },
  ): Promise<T> {
    if (!timeout) return Promise.race([promise, this.#over]);
    const late = Promise.withResolvers<never>();
    const cancel = this.clock.schedule(timeout.milliseconds, () =>
      late.reject(new SessionEnded(timeout.end.reason, timeout.end.detail)),
    );
    try {
      return await Promise.race([promise, this.#over, late.promise]);
    } finally {
      cancel();
    }
  }

  async sleep(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.clock.schedule(milliseconds, resolve);
    try {
      await this.wait(promise);
    } finally {
      cancel();
    }
  }

  dispose(): void {
    this.signal.removeEventListener("abort", this.#onAbort);
  }
}

/** Resolves when `promise` settled, in whatever way, or when the time is up. For clean-up paths. */
export async function settledWithin(
  clock: Clock,
  milliseconds: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.schedule(milliseconds, () => resolve(false));
  const settled = promise.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([settled, late]);
  cancel();
  return inTime;
}
