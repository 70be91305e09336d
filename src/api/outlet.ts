import type { ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import type { Clock } from "../port/clock.ts";

/**
 * Where a long answer goes, one chunk at a time. A write resolves when the chunk has left for the
 * operating system, so a writer that waits for it never has more than one chunk in memory, and the
 * client's pace is the writer's.
 */
export interface Outlet {
  /** Fires when the client has gone, or took nothing for too long. */
  readonly gone: AbortSignal;
  /** @returns false when it can take no more */
  write(chunk: Uint8Array | string): Promise<boolean>;
}

/**
 * @param start begins a write; calls back when it is done, with an error when it failed
 * @param drop ends the connection at once
 */
function outlet(
  clock: Clock,
  stallMilliseconds: number,
  gone: AbortSignal,
  start: (chunk: Uint8Array | string, done: (error?: Error | null) => void) => void,
  drop: () => void,
): Outlet {
  return {
    gone,
    write(chunk) {
      if (gone.aborted) return Promise.resolve(false);
      return new Promise((resolve) => {
        const finish = (sent: boolean): void => {
          cancel();
          gone.removeEventListener("abort", leave);
          resolve(sent);
        };
        const leave = (): void => finish(false);
        const cancel = clock.schedule(stallMilliseconds, drop);
        gone.addEventListener("abort", leave);
        start(chunk, (error) => finish(!error));
      });
    },
  };
}

/** Destroying is how an unfinished answer ends: a clean end would hide that something is missing. */
export function responseOutlet(
  clock: Clock,
  stallMilliseconds: number,
  response: ServerResponse,
): Outlet {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  response.on("close", () => controller.abort());
  // Writing to a client that has gone is expected, and told by the callback.
  response.on("error", () => {});
  return outlet(
    clock,
    stallMilliseconds,
    controller.signal,
    (chunk, done) => response.write(chunk, done),
    () => response.destroy(),
  );
}

export function socketOutlet(clock: Clock, stallMilliseconds: number, socket: WebSocket): Outlet {
  const controller = new AbortController();
  socket.on("close", () => controller.abort());
  return outlet(
    clock,
    stallMilliseconds,
    controller.signal,
    (chunk, done) => socket.send(chunk, { binary: typeof chunk !== "string" }, done),
    () => socket.terminate(),
  );
}
