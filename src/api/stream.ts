import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "./context.ts";
import { principalOf } from "./context.ts";
import { responseSink } from "./sink.ts";
import { pour, STREAM_QUERY, TOO_MANY_STREAMS, type StreamQuery } from "./pour.ts";
import { addRoute } from "./route.ts";
import { OCTETS, OUTPUT_HEADERS } from "./schemas.ts";

/** `GET /v1/stream`: chunked. What cannot be fulfilled ends with a reset, so it cannot look complete. */
export function addStream(app: FastifyInstance, context: Context): void {
  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { clock, tally } = context.ports;
    const res = reply.raw;
    const sink = responseSink(clock, context.stallMilliseconds, res);
    const { bytes, refusal } = await pour(context, {
      door: "stream",
      principal: principalOf(request),
      query: request.query as StreamQuery,
      sink,
      begin(first) {
        reply.hijack();
        res.writeHead(200, {
          "content-type": "application/octet-stream",
          "cache-control": "no-store",
          "springhouse-output": first.outputs.join(", "),
          "springhouse-seed": first.seed,
        });
      },
    });
    if (!res.headersSent) {
      // Gone before the first byte: nobody is there to be answered.
      if (refusal) context.refuse(request, reply, refusal);
      else reply.hijack();
      return;
    }
    if (refusal) {
      context.note(refusal, request.id, "GET", "/v1/stream", request.principal);
      res.destroy();
    } else res.end();
    const seconds = (clock.monotonicMilliseconds() - request.startedMilliseconds) / 1000;
    tally.answered("stream", 200, seconds, bytes);
  }

  addRoute(app, context, {
    method: "GET",
    url: "/v1/stream",
    permission: "random.stream",
    tag: "random",
    summary: "Random bytes without end, or as many as asked for",
    description:
      "Chunked, at the pace of the slowest of noise, quota and client. The headers name the first output. A stream that cannot be fulfilled ends by a connection reset, never by a clean end. Also a WebSocket with binary frames: it closes with 1000 when fulfilled.",
    door: "stream",
    query: STREAM_QUERY,
    produces: ["application/octet-stream"],
    success: {
      status: 200,
      description: "The bytes.",
      content: { "application/octet-stream": OCTETS },
      headers: OUTPUT_HEADERS,
    },
    errors: [503],
    head: (_request, reply) =>
      reply
        .headers({ "content-type": "application/octet-stream", "cache-control": "no-store" })
        .send(),
    handler(request, reply) {
      const principal = principalOf(request);
      if (!context.enterStream(principal)) {
        context.refuse(request, reply, TOO_MANY_STREAMS);
        return;
      }
      handle(request, reply)
        .catch((error: unknown) => {
          if (reply.raw.headersSent) {
            context.explain(error, request.id);
            reply.raw.destroy();
          } else context.fail(request, reply, error);
        })
        .finally(() => context.leaveStream(principal));
    },
  });
}
