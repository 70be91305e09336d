import type { FastifyReply, FastifyRequest } from "fastify";
import { refuse } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import { principalOf, type Context } from "./context.ts";
import { responseSink } from "./sink.ts";
import { TOO_MANY_STREAMS } from "./pour.ts";

/** Chunks of a long answer, for which `headers` are sent at once. */
export interface LongAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: AsyncIterable<Uint8Array | string> | Iterable<string>;
  /** Releases what stands behind `chunks`; called once, whatever happens. */
  close(): void;
}

/** One JSON object a line. */
export const NDJSON = "application/x-ndjson";
const CHUNK_CHARACTERS = 16_384;

/** Lines gathered into chunks, so that a line is not a write. */
export async function* linesAsText(lines: AsyncIterable<object>): AsyncGenerator<string> {
  let text = "";
  for await (const line of lines) {
    text += `${JSON.stringify(line)}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

/** What was taken from the front to look at, and the rest. */
export async function* goOn(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

const ABANDONED = refuse("conflict", "The answer was cut off before its end.");

/**
 * Sends a long answer chunk by chunk, one in memory at a time. Whatever keeps it from its end (an
 * error of the chunks, a revoked token, the service stopping) destroys the connection.
 * @param open begins it; it was refused when this answers null, and the reply has been sent
 */
export function sendLong(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  open: () => LongAnswer | null,
): void {
  const principal = principalOf(request);
  if (!context.enterStream(principal)) {
    context.refuse(request, reply, TOO_MANY_STREAMS);
    return;
  }
  let answer: LongAnswer | null;
  try {
    answer = open();
  } catch (error) {
    context.leaveStream(principal);
    throw error;
  }
  if (!answer) {
    context.leaveStream(principal);
    return;
  }
  void send(context, request, reply, principal, answer).finally(() =>
    context.leaveStream(principal),
  );
}

async function send(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
  answer: LongAnswer,
): Promise<void> {
  const res = reply.raw;
  const sink = responseSink(context.ports.clock, context.stallMilliseconds, res);
  const signal = AbortSignal.any([sink.gone, context.stopping.signal]);
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    answer.close();
  };
  signal.addEventListener("abort", close);
  reply.hijack();
  let whole = true;
  try {
    res.writeHead(200, { "cache-control": "no-store", ...answer.headers });
    res.flushHeaders();
    for await (const chunk of answer.chunks) {
      whole = !signal.aborted && context.ports.access.isActive(principal);
      if (!whole || !(await sink.write(chunk))) break;
    }
    if (signal.aborted) whole = false;
  } catch (error) {
    whole = false;
    // A gap or an overflow is told as a SpringhouseError, and noted below; a defect is logged here.
    if (!sink.gone.aborted) context.explain(error, request.id);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
  if (whole) res.end();
  else {
    if (!sink.gone.aborted)
      context.note(
        ABANDONED,
        request.id,
        request.method,
        request.routeOptions.url ?? "-",
        principal,
      );
    res.destroy();
  }
}
