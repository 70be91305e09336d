import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { FINDING_KINDS } from "../port/compliance.ts";
import type { Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { choice, nullable } from "./schemas.ts";

const REPORT = Type.Object({
  atMilliseconds: Type.Number(),
  statement: Type.String(),
  findings: Type.Array(
    Type.Object({
      kind: choice(FINDING_KINDS),
      subject: Type.String(),
      detail: Type.String(),
      remedy: Type.String(),
    }),
  ),
  controls: Type.Array(
    Type.Object({
      standard: Type.String(),
      clause: Type.String(),
      about: Type.String(),
      source: nullable(Type.String({ description: "Where the clause was read; null: nowhere." })),
      feature: Type.String(),
      tests: Type.Array(Type.String()),
    }),
  ),
});

/** How keys are kept, against what standards ask. */
export function addCompliance(app: FastifyInstance, context: Context): void {
  const { compliance } = context.ports;
  addRoute(app, context, {
    method: "GET",
    url: "/v1/compliance",
    permission: "compliance.read",
    tag: "keys",
    summary: "What an assessor of key management would ask about, and which control maps to what",
    success: {
      status: 200,
      description: "Findings of now, and the map of controls.",
      content: { "application/json": REPORT },
    },
    errors: [503],
    handler: async (_request, reply) =>
      reply.header("cache-control", "no-store").send(await context.durable(compliance())),
  });
}
