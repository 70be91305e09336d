import type { Cancel, Clock } from "../port/clock.ts";
import type { NoiseSource, SampleSink } from "../port/source.ts";
import { runSession, type SessionResult } from "./session.ts";

/** The contract of `NoiseSource.run`: it is over within a second of the abort. */
const STOP_MILLISECONDS = 1000;

/** Where the samples of all sessions go, and who decides what follows on each. */
export interface SessionSink extends SampleSink {
  /** @returns how many milliseconds to wait before the next session; null: there is none */
  ended(result: SessionResult): number | null;
}

/** The sessions of one source, one after another. */
export class Sessions {
  readonly #source: NoiseSource;
  readonly #sink: SessionSink;
  readonly #clock: Clock;
  #session: AbortController | null = null;
  #all: Promise<void> | null = null;
  #stopping = false;
  #wake: (() => void) | null = null;

  constructor(source: NoiseSource, sink: SessionSink, clock: Clock) {
    this.#source = source;
    this.#sink = sink;
    this.#clock = clock;
  }

  /** A session runs, though its device may not be open yet. */
  get running(): boolean {
    return this.#session !== null;
  }

  start(): void {
    this.#all ??= this.#run();
  }

  /** Ends the session under way; another one follows as the sink says. */
  endOne(): void {
    this.#session?.abort();
  }

  /** Ends them all. Resolves within a second, even if the source breaks its contract. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#session?.abort();
    this.#wake?.();
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(STOP_MILLISECONDS, resolve);
    });
    await Promise.race([this.#all, late]);
    cancel();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const session = new AbortController();
      this.#session = session;
      const result = await runSession(this.#source, this.#sink, session);
      this.#session = null;
      if (this.#stopping) return;
      const pause = this.#sink.ended(result);
      if (pause === null) return;
      await this.#pause(pause);
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.schedule(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
