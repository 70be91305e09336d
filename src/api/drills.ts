import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { HEALTH_TESTS, SEVERITIES, SOURCE_STATES } from "../port/health.ts";
import { refuse } from "../port/errors.ts";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { choice, DEVICE, nullable } from "./schemas.ts";
import { absentSource, SOURCE_ID, type SourceId } from "./sourceRoutes.ts";

/** Some tenths of a second a source; the store has to keep each. */
const DRILL_MILLISECONDS = 120_000;

const BODY = Type.Object(
  {
    source: Type.Optional(
      Type.String({ pattern: "^[a-z0-9-]{1,32}$", description: "Left out: every source." }),
    ),
  },
  { additionalProperties: false },
);

const OUTCOME = Type.Object({
  test: choice(HEALTH_TESTS),
  severity: choice(SEVERITIES),
  fault: Type.String(),
  clause: Type.String(),
  cutoff: Type.Number({ description: "By the standard's arithmetic." }),
  cutoffInUse: nullable(Type.Number()),
  unit: choice(["samples", "milliseconds"]),
  theory: Type.Number({ description: "From the fault's beginning to the alarm." }),
  observed: nullable(Type.Number()),
  counted: nullable(Type.Number()),
  silentBelow: Type.Boolean(),
  state: choice(SOURCE_STATES),
  discarded: Type.Boolean(),
  alsoRaised: Type.Array(Type.String()),
  passed: Type.Boolean(),
  detail: Type.String(),
});

const REPORT = Type.Object({
  format: Type.Literal("springhouse-drill-1"),
  atMilliseconds: Type.Number(),
  springhouse: Type.String(),
  build: Type.String(),
  configurationVersion: Type.String(),
  source: Type.Object({
    id: Type.String(),
    kind: Type.String(),
    physical: Type.Boolean(),
    device: nullable(DEVICE),
  }),
  tests: Type.Record(Type.String(), Type.Unknown()),
  seed: Type.String(),
  passed: Type.Boolean(),
  outcomes: Type.Array(OUTCOME),
  notExercised: Type.Array(
    Type.Object({ test: choice(HEALTH_TESTS), severity: choice(SEVERITIES), why: Type.String() }),
  ),
  requirements: Type.Array(
    Type.Object({
      clause: Type.String(),
      requirement: Type.String(),
      demanded: Type.Number(),
      theory: Type.Number(),
      trials: Type.Number(),
      detected: Type.Number(),
      medianSamples: nullable(Type.Number()),
      passed: Type.Boolean(),
    }),
  ),
  attestation: nullable(Type.String({ description: "A signed note (C2SP) on all of it." })),
});

const ANSWER = Type.Object({
  source: Type.String(),
  report: nullable(REPORT),
  refusal: nullable(
    Type.Object({ code: Type.String(), detail: Type.String(), remedy: Type.String() }),
  ),
});

/** Induced failures in a shadow of the live health tests. */
export function addDrills(app: FastifyInstance, context: Context): void {
  const { drills } = context.ports;
  const common = { tag: "drills" } as const;

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/drills",
    permission: "drills.run",
    summary: "Drives every health test of a source to failure, in a shadow of the live ones",
    description:
      "Faults are made from a seed and given to monitors of their own, which share nothing with the live ones. Answers with the evidence; a source without its device is refused.",
    body: BODY,
    success: {
      status: 200,
      description: "A report or a refusal for each source.",
      content: { "application/json": Type.Object({ drills: Type.Array(ANSWER) }) },
    },
    errors: [404, 503],
    async handler(request, reply) {
      const { source = null } = request.body as Static<typeof BODY>;
      const drilled = await context.durable(
        drills.run(source, principalOf(request).id),
        DRILL_MILLISECONDS,
      );
      if ("ok" in drilled) return context.refuse(request, reply, drilled);
      const [only] = drilled;
      if (source !== null && only?.refusal) {
        const { detail, remedy } = only.refusal;
        return context.refuse(request, reply, refuse("source_absent", detail, { remedy }));
      }
      return reply.send({ drills: drilled });
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/drills",
    permission: "drills.read",
    summary: "The last drill of each source",
    success: {
      status: 200,
      description: "The reports.",
      content: { "application/json": Type.Object({ drills: Type.Array(REPORT) }) },
    },
    handler: (_request, reply) => reply.send({ drills: drills.reports() }),
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/drills/:id",
    permission: "drills.read",
    summary: "The last drill of one source",
    params: SOURCE_ID,
    success: { status: 200, description: "The report.", content: { "application/json": REPORT } },
    handler(request, reply) {
      const { id } = request.params as SourceId;
      const report = drills.reports().find(({ source }) => source.id === id);
      if (report) return reply.send(report);
      return context.refuse(
        request,
        reply,
        context.ports.introspection.snapshot().sources.some((source) => source.id === id)
          ? refuse("not_found", `${id} was never drilled.`, {
              remedy: "POST /v1/drills drills it.",
            })
          : absentSource(id),
      );
    },
  });
}
