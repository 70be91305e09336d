import { setImmediate } from "node:timers/promises";
import { Type, type Static } from "typebox";
import type { Drawn } from "../port/draw.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Door } from "../port/lineage.ts";
import type { Principal } from "../port/principal.ts";
import type { Context } from "./context.ts";
import type { Sink } from "./sink.ts";
import { overQuota } from "./guard.ts";
import { REQUIREMENT_PROPERTIES, requirementOf } from "./requirement.ts";

/** What `/v1/stream` takes, over HTTP and WebSocket alike. */
export const STREAM_QUERY = Type.Object(
  {
    bytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: "How many; without it, until the client goes.",
      }),
    ),
    ...REQUIREMENT_PROPERTIES,
  },
  { additionalProperties: false },
);
export type StreamQuery = Static<typeof STREAM_QUERY>;

export const TOO_MANY_STREAMS = refuse(
  "busy",
  "As many streams, taps and sockets as are allowed are open.",
  { retryAfterSeconds: 10 },
);

export interface Pouring {
  readonly door: Door;
  readonly principal: Principal;
  readonly query: StreamQuery;
  readonly sink: Sink;
  /** Called once, with the first chunk, before it is written. */
  begin(first: Drawn): void;
}

/** How a stream came to its end. `bytes` were handed to the operating system. */
export interface Poured {
  readonly bytes: number;
  /** Null: everything that was asked for was sent, or the client went. */
  readonly refusal: Refusal | null;
}

/**
 * Random bytes from the supply into a sink, at the pace of whichever is slowest: noise, quota or
 * client. Every chunk is overwritten when it is sent, or when it will not be.
 */
export async function pour(context: Context, pouring: Pouring): Promise<Poured> {
  const { random, access } = context.ports;
  const { door, principal, query, sink } = pouring;
  const wanted = query.bytes ?? null;
  // The end of one stream is not waited for, so the next must not begin on its debt.
  const debt = access.quotas.paceBytes(principal, 0);
  if (debt > 0) return { bytes: 0, refusal: overQuota("bytes", debt) };
  const signal = AbortSignal.any([sink.gone, context.stopping.signal]);
  const supply = random.stream(
    {
      bytes: wanted,
      door,
      principal: principal.id,
      purpose: "stream",
      requirement: requirementOf(query),
    },
    signal,
  );
  let bytes = 0;
  try {
    for (;;) {
      const next = await supply.next();
      if (next.done) {
        if (next.value) return { bytes, refusal: next.value };
        const short = !sink.gone.aborted && bytes !== wanted;
        return { bytes, refusal: short ? stopped() : null };
      }
      const chunk = next.value;
      try {
        if (!access.isActive(principal)) return { bytes, refusal: revoked() };
        if (signal.aborted) return { bytes, refusal: sink.gone.aborted ? null : stopped() };
        if (bytes === 0) pouring.begin(chunk);
        const { length } = chunk.bytes;
        // Counted when drawn: a client that hangs up meanwhile has had it all the same.
        access.quotas.paceBytes(principal, length);
        if (!(await sink.write(chunk.bytes))) return { bytes, refusal: null };
        bytes += length;
        // A socket that takes every chunk at once would keep everybody else waiting.
        await setImmediate();
      } finally {
        chunk.bytes.fill(0);
      }
      const wait = access.quotas.paceBytes(principal, 0);
      if (wait > 0 && bytes !== wanted) await pause(context, wait, signal);
    }
  } finally {
    await supply.return(undefined);
  }
}

const stopped = (): Refusal =>
  refuse("shutting_down", "The service is stopping; the stream is incomplete.");

const revoked = (): Refusal =>
  refuse("unauthenticated", "The token was revoked or has expired; the stream is incomplete.");

function pause(context: Context, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = context.ports.clock.schedule(milliseconds, finish);
    signal.addEventListener("abort", finish);
  });
}
