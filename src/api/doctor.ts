import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { LEVELS } from "../port/finding.ts";
import type { Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { choice, nullable } from "./schemas.ts";

const FINDING = Type.Object({
  check: Type.String(),
  level: choice(
    LEVELS,
    "`fault` stops output, or lets others at what is secret; `warning` costs something.",
  ),
  cause: Type.String(),
  evidence: Type.String(),
  remedy: nullable(Type.String()),
});

export function addDoctor(app: FastifyInstance, context: Context): void {
  addRoute(app, context, {
    method: "GET",
    url: "/v1/doctor",
    permission: "doctor.read",
    tag: "status",
    summary: "What is wrong with the service and its machine, why, and what to do about it",
    description:
      "Worst first. It looks at devices, who holds them, limits, the clock, the disk and the files of TLS as the service's process sees them.",
    success: {
      status: 200,
      description: "The findings.",
      content: {
        "application/json": Type.Object({
          atMilliseconds: Type.Number(),
          findings: Type.Array(FINDING),
        }),
      },
    },
    handler: async (_request, reply) => reply.send(await context.ports.doctor()),
  });
}
