import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../port/errors.ts";
import type { RestartTap, Tap } from "../port/service.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import { Attestations } from "./attestations.ts";
import { principalOf, type Context } from "./context.ts";
import { sendLong, type LongAnswer } from "./lines.ts";
import { addRoute } from "./route.ts";
import { choice, OCTETS } from "./schemas.ts";
import {
  absentSource,
  findSource,
  keepAct,
  REASON,
  SOURCE_ID,
  type SourceId,
} from "./sourceRoutes.ts";

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

const ATTESTATION_ID = Type.Object(
  { id: Type.String({ pattern: "^attestation-[0-9a-f]{16}$" }) },
  { additionalProperties: false },
);

const ATTESTED = {
  "Springhouse-Attestation": Type.String({
    description: "What `/v1/attestations/{id}` has of these samples, once all were given.",
  }),
};

/** What came between the samples, as a recording's manifest says it. */
interface Between {
  readonly restart: "none" | RestartTap["restart"];
  readonly samplesPerRestart: number | null;
  readonly settleBytesPerRestart: number | null;
}

const NO_RESTART: Between = {
  restart: "none",
  samplesPerRestart: null,
  settleBytesPerRestart: null,
};

/** Raw samples for examination: taps, restart matrices, and what the service signs of both. */
export function addTaps(app: FastifyInstance, context: Context): void {
  const { introspection, sources, clock, attest } = context.ports;
  const attestations = new Attestations();
  const common = { tag: "sources" } as const;
  const attested = (
    { id, kind }: SourceSnapshot,
    tap: Tap,
    count: number,
    between: Between,
  ): LongAnswer => {
    const { bitsPerSample, firstSequence, device } = tap;
    const { configurationVersion } = introspection.snapshot();
    const fromMilliseconds = clock.wallMilliseconds();
    const watched = attestations.watch(tap.chunks, count, (sha256) =>
      attest("capture", {
        source: id,
        kind,
        device,
        bitsPerSample,
        configurationVersion,
        fromMilliseconds,
        toMilliseconds: clock.wallMilliseconds(),
        firstSequence,
        samples: count,
        sha256,
        ...between,
      }),
    );
    return {
      headers: {
        "content-type": "application/octet-stream",
        "springhouse-first-sequence": String(firstSequence),
        "springhouse-bits-per-sample": String(bitsPerSample),
        "springhouse-attestation": watched.id,
      },
      chunks: watched.chunks,
      close: () => tap.close(),
    };
  };

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/sources/:id/samples",
    permission: "sources.tap",
    summary: "Raw consecutive samples, one a byte",
    description:
      "What leaves here was health-tested and will never be conditioned. On a gap, or when the reader falls too far behind, the connection is reset: the tap stops, it never skips.",
    params: SOURCE_ID,
    query: SAMPLES_QUERY,
    produces: ["application/octet-stream"],
    success: {
      status: 200,
      description: "The samples, right-justified.",
      content: { "application/octet-stream": OCTETS },
      headers: {
        "Springhouse-First-Sequence": Type.Integer({ description: "Of the first sample." }),
        "Springhouse-Bits-Per-Sample": Type.Integer(),
        ...ATTESTED,
      },
    },
    errors: [409, 503],
    head(request, reply) {
      const { id } = request.params as SourceId;
      const source = findSource(context, id);
      if (!source) return context.refuse(request, reply, absentSource(id));
      return reply
        .headers({
          "content-type": "application/octet-stream",
          "cache-control": "no-store",
          "springhouse-bits-per-sample": String(source.bitsPerSample),
        })
        .send();
    },
    handler(request, reply) {
      const { id } = request.params as SourceId;
      const { count } = request.query as Static<typeof SAMPLES_QUERY>;
      const actor = principalOf(request).id;
      sendLong(context, request, reply, () => {
        const source = findSource(context, id);
        if (!source) {
          context.refuse(request, reply, absentSource(id));
          return null;
        }
        const tap = sources.tap(id, count, actor);
        if ("ok" in tap) {
          context.refuse(request, reply, tap);
          return null;
        }
        return attested(source, tap, count, NO_RESTART);
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
    params: SOURCE_ID,
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
        ...ATTESTED,
        "Springhouse-Restart": choice(["reopen"]),
        "Springhouse-Settle-Bytes": Type.Integer({
          description: "Thrown away after each open, before the first sample.",
        }),
      },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as SourceId;
      const body = (request.body ?? {}) as Static<typeof RESTARTS_BODY>;
      const { restarts = 1000, samples = 1000, reason = null } = body;
      const actor = principalOf(request).id;
      const source = findSource(context, id);
      if (!source) return context.refuse(request, reply, absentSource(id));
      // It takes the source away from the pool: who asked is durable before the first restart.
      const asked = `${restarts} restarts with ${samples} samples each were asked for.`;
      await keepAct(context, "source_restarted", id, actor, reason, asked);
      sendLong(context, request, reply, () => {
        const tap = sources.restarts(id, { restarts, samplesPerRestart: samples }, actor);
        if ("ok" in tap) {
          context.refuse(request, reply, tap);
          return null;
        }
        const { restart, settleBytes } = tap;
        const between = {
          restart,
          samplesPerRestart: samples,
          settleBytesPerRestart: settleBytes,
        };
        const answer = attested(source, tap, restarts * samples, between);
        const headers = {
          ...answer.headers,
          "springhouse-restart": restart,
          "springhouse-settle-bytes": String(settleBytes),
        };
        return { ...answer, headers };
      });
      return reply;
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/attestations/:id",
    permission: "sources.tap",
    summary: "The service's signed word on samples that it gave",
    description:
      "A signed note (C2SP) by the log's key, whose text has the source, the device, the times and the SHA-256 of the samples. Only the last 64 are kept, in memory.",
    params: ATTESTATION_ID,
    produces: ["text/plain"],
    success: {
      status: 200,
      description: "The note.",
      content: { "text/plain": Type.String() },
    },
    handler(request, reply) {
      const { id } = request.params as Static<typeof ATTESTATION_ID>;
      const note = attestations.find(id);
      if (note === undefined)
        return context.refuse(
          request,
          reply,
          refuse("not_found", "There is no such attestation.", {
            remedy:
              "It is there once all samples were given, and among the last 64 until a restart.",
          }),
        );
      return reply.header("content-type", "text/plain; charset=utf-8").send(note);
    },
  });
}
