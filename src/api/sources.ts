import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { EventKind } from "../port/event.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import { principalOf, type Context } from "./context.ts";
import { sendLong } from "./lines.ts";
import { addRoute } from "./route.ts";
import { choice, OCTETS, SOURCE, SOURCE_TEST_REPORT } from "./schemas.ts";

const ID = Type.Object(
  { id: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }) },
  { additionalProperties: false },
);
type Id = Static<typeof ID>;

/** A reason goes into the event journal, so it is one line of printable text. */
const REASON = Type.String({
  minLength: 1,
  maxLength: 500,
  pattern: "^[^\\u0000-\\u001f\\u007f]+$",
});
const RESET_BODY = Type.Object({ reason: REASON }, { additionalProperties: false });
const TEST_BODY = Type.Object({ reason: Type.Optional(REASON) }, { additionalProperties: false });

const RESTARTS_BODY = Type.Object(
  {
    restarts: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100_000, description: "Rows; default 1,000." }),
    ),
    samples: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: "To take after each restart; default 1,000.",
      }),
    ),
    reason: Type.Optional(REASON),
  },
  { additionalProperties: false },
);

const SAMPLES_QUERY = Type.Object(
  {
    count: Type.Integer({ minimum: 1, maximum: 2 ** 40, description: "Samples to take." }),
  },
  { additionalProperties: false },
);

const absent = (id: string): Refusal => refuse("not_found", `There is no source ${id}.`);

export function addSources(app: FastifyInstance, context: Context): void {
  const { introspection, sources, events, clock } = context.ports;
  const find = (id: string): SourceSnapshot | undefined =>
    introspection.snapshot().sources.find((source) => source.id === id);
  const common = { tag: "sources" } as const;
  const keep = (
    kind: EventKind,
    source: string,
    actor: string,
    reason: string | null,
    detail: string,
  ) =>
    context.durable(
      events.record({
        kind,
        atMilliseconds: clock.wallMilliseconds(),
        source,
        severity: "info",
        actor,
        reason,
        detail,
        data: {},
      }),
    );

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/sources",
    permission: "sources.read",
    summary: "Every source: state, cause, remedy, margins, credit",
    success: {
      status: 200,
      description: "The sources.",
      content: { "application/json": Type.Object({ sources: Type.Array(SOURCE) }) },
    },
    handler: (_request, reply) => reply.send({ sources: introspection.snapshot().sources }),
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/sources/:id",
    permission: "sources.read",
    summary: "One source",
    params: ID,
    success: { status: 200, description: "The source.", content: { "application/json": SOURCE } },
    handler(request, reply) {
      const { id } = request.params as Id;
      const source = find(id);
      return source ? reply.send(source) : context.refuse(request, reply, absent(id));
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/sources/:id/samples",
    permission: "sources.tap",
    summary: "Raw consecutive samples, one a byte",
    description:
      "What leaves here was health-tested and will never be conditioned. On a gap, or when the reader falls too far behind, the connection is reset: the tap stops, it never skips.",
    params: ID,
    query: SAMPLES_QUERY,
    produces: ["application/octet-stream"],
    success: {
      status: 200,
      description: "The samples, right-justified.",
      content: { "application/octet-stream": OCTETS },
      headers: {
        "Springhouse-First-Sequence": Type.Integer({ description: "Of the first sample." }),
        "Springhouse-Bits-Per-Sample": Type.Integer(),
      },
    },
    errors: [409, 503],
    head(request, reply) {
      const { id } = request.params as Id;
      const source = find(id);
      if (!source) return context.refuse(request, reply, absent(id));
      return reply
        .headers({
          "content-type": "application/octet-stream",
          "cache-control": "no-store",
          "springhouse-bits-per-sample": String(source.bitsPerSample),
        })
        .send();
    },
    handler(request, reply) {
      const { id } = request.params as Id;
      const { count } = request.query as Static<typeof SAMPLES_QUERY>;
      const actor = principalOf(request).id;
      sendLong(context, request, reply, () => {
        if (!find(id)) {
          context.refuse(request, reply, absent(id));
          return null;
        }
        const tap = sources.tap(id, count, actor);
        if ("ok" in tap) {
          context.refuse(request, reply, tap);
          return null;
        }
        return {
          headers: {
            "content-type": "application/octet-stream",
            "springhouse-first-sequence": String(tap.firstSequence),
            "springhouse-bits-per-sample": String(tap.bitsPerSample),
          },
          chunks: exactly(tap.chunks, count),
          close: () => tap.close(),
        };
      });
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/sources/:id/restarts",
    permission: "sources.tap",
    summary: "Restarts a source again and again, and gives the first samples after each",
    description:
      "For the restart tests of SP 800-90B 3.1.4. The device is opened anew before each row, which is no restart in the standard's sense; `Springhouse-Restart` says so. A row begins with the first sample after the bytes that the source throws away at each open. Until it ends the source seeds nothing; where a session ends by itself, or a sample is missing in a row, the connection is reset.",
    params: ID,
    body: RESTARTS_BODY,
    produces: ["application/octet-stream"],
    success: {
      status: 200,
      description: "Row after row, one sample a byte, right-justified.",
      content: { "application/octet-stream": OCTETS },
      headers: {
        "Springhouse-First-Sequence": Type.Integer({
          description: "Of the first sample after the request; rows are not consecutive.",
        }),
        "Springhouse-Bits-Per-Sample": Type.Integer(),
        "Springhouse-Restart": choice(["reopen"]),
        "Springhouse-Settle-Bytes": Type.Integer({
          description: "Thrown away after each open, before the first sample.",
        }),
      },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Id;
      const body = (request.body ?? {}) as Static<typeof RESTARTS_BODY>;
      const { restarts = 1000, samples = 1000, reason = null } = body;
      const actor = principalOf(request).id;
      if (!find(id)) return context.refuse(request, reply, absent(id));
      // It takes the source away from the pool: who asked is durable before the first restart.
      const asked = `${restarts} restarts with ${samples} samples each were asked for.`;
      await keep("source_restarted", id, actor, reason, asked);
      sendLong(context, request, reply, () => {
        const tap = sources.restarts(id, { restarts, samplesPerRestart: samples }, actor);
        if ("ok" in tap) {
          context.refuse(request, reply, tap);
          return null;
        }
        return {
          headers: {
            "content-type": "application/octet-stream",
            "springhouse-first-sequence": String(tap.firstSequence),
            "springhouse-bits-per-sample": String(tap.bitsPerSample),
            "springhouse-restart": tap.restart,
            "springhouse-settle-bytes": String(tap.settleBytes),
          },
          chunks: exactly(tap.chunks, restarts * samples),
          close: () => tap.close(),
        };
      });
      return reply;
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/sources/:id/test",
    permission: "sources.test",
    summary: "On-demand health test on fresh samples (SP 800-90B 4.3)",
    params: ID,
    body: TEST_BODY,
    success: {
      status: 200,
      description: "What it came to.",
      content: { "application/json": SOURCE_TEST_REPORT },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Id;
      const { reason } = (request.body ?? {}) as Static<typeof TEST_BODY>;
      const actor = principalOf(request).id;
      if (!find(id)) return context.refuse(request, reply, absent(id));
      if (reason !== undefined)
        await keep("source_tested", id, actor, reason, "An on-demand test was asked for.");
      const report = await sources.test(id, actor);
      return "ok" in report ? context.refuse(request, reply, report) : reply.send(report);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/sources/:id/reset",
    permission: "sources.reset",
    summary: "Takes a failed source back to its startup test, with a reason",
    params: ID,
    body: RESET_BODY,
    success: {
      status: 200,
      description: "The source as it is now.",
      content: { "application/json": SOURCE },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Id;
      const { reason } = request.body as Static<typeof RESET_BODY>;
      const early = sources.mayReset(id);
      if (early) return context.refuse(request, reply, early);
      // Who and why is durable before the latch opens: without a record nothing is reset.
      await keep("source_reset", id, principalOf(request).id, reason, "A reset was asked for.");
      const refusal = sources.reset(id);
      return refusal ? context.refuse(request, reply, refusal) : reply.send(find(id));
    },
  });
}

/** Passes the chunks on, and throws when they end early: that must not look complete. */
async function* exactly(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let samples = 0;
  for await (const chunk of chunks) {
    samples += chunk.length;
    yield chunk;
  }
  if (samples !== count) throw new Error(`a tap of ${count} samples ended after ${samples}`);
}
