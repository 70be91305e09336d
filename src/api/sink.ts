import type { ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import type { Cancel, Clock } from "../port/clock.ts";

/**
 * Where a long answer goes, one chunk at a time. A write resolves when the chunk has left for the
 * operating system, so a writer that waits for it never has more than one chunk in memory, and the
 * client's pace is the writer's.
 */
export interface Sink {
  /** Fires when the client has gone, or took nothing for too long. */
  readonly gone: AbortSignal;
  /** @returns false when it can take no more */
  write(chunk: Uint8Array | string): Promise<boolean>;
}

/** One timer and one listener for all writes: one each cost more than the write of a small chunk. */
class OneWrite implements Sink {
  readonly gone: AbortSignal;
  readonly #clock: Clock;
  readonly #stallMilliseconds: number;
  readonly #start: (chunk: Uint8Array | string, done: (error?: Error | null) => void) => void;
  readonly #drop: () => void;
  /** Ends the write under way. */
  #settle: ((sent: boolean) => void) | null = null;
  #begunMilliseconds = 0;
  #cancelLook: Cancel | null = null;

  /**
   * @param start begins a write; calls back when it is done, with an error when it failed
   * @param drop ends the connection at once
   */
  constructor(
    clock: Clock,
    stallMilliseconds: number,
    gone: AbortSignal,
    start: (chunk: Uint8Array | string, done: (error?: Error | null) => void) => void,
    drop: () => void,
  ) {
    this.#clock = clock;
    this.#stallMilliseconds = stallMilliseconds;
    this.gone = gone;
    this.#start = start;
    this.#drop = drop;
    gone.addEventListener("abort", () => {
      this.#cancelLook?.();
      this.#finish(false);
    });
  }

  write(chunk: Uint8Array | string): Promise<boolean> {
    if (this.gone.aborted) return Promise.resolve(false);
    if (this.#settle !== null) throw new Error("a write was not waited for");
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#begunMilliseconds = this.#clock.monotonicMilliseconds();
      this.#cancelLook ??= this.#clock.schedule(this.#stallMilliseconds, this.#look);
      this.#start(chunk, this.#done);
    });
  }

  readonly #done = (error?: Error | null): void => this.#finish(!error);

  #finish(sent: boolean): void {
    const settle = this.#settle;
    this.#settle = null;
    settle?.(sent);
  }

  /** Whether the write under way, if there is one, has had its time. */
  readonly #look = (): void => {
    this.#cancelLook = null;
    if (this.#settle === null) return;
    const due = this.#begunMilliseconds + this.#stallMilliseconds;
    const left = due - this.#clock.monotonicMilliseconds();
    if (left <= 0) this.#drop();
    else this.#cancelLook = this.#clock.schedule(left, this.#look);
  };
}

/** Destroying is how an unfinished answer ends: a clean end would hide that something is missing. */
export function responseSink(
  clock: Clock,
  stallMilliseconds: number,
  response: ServerResponse,
): Sink {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  response.on("close", () => controller.abort());
  // Writing to a client that has gone is expected, and told by the callback.
  response.on("error", () => {});
  return new OneWrite(
    clock,
    stallMilliseconds,
    controller.signal,
    (chunk, done) => response.write(chunk, done),
    () => response.destroy(),
  );
}

export function socketSink(clock: Clock, stallMilliseconds: number, socket: WebSocket): Sink {
  const controller = new AbortController();
  socket.on("close", () => controller.abort());
  return new OneWrite(
    clock,
    stallMilliseconds,
    controller.signal,
    (chunk, done) => socket.send(chunk, { binary: typeof chunk !== "string" }, done),
    () => socket.terminate(),
  );
}
