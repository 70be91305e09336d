import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { isAllowed } from "../access/permissions.ts";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { SELF_TEST, STATUS } from "./schemas.ts";
import { withoutPlaces } from "./visible.ts";

export function addStatus(app: FastifyInstance, context: Context): void {
  const { introspection, selfTest } = context.ports;

  addRoute(app, context, {
    method: "GET",
    url: "/v1/status",
    permission: "status.read",
    tag: "status",
    summary: "What is, why, and what to do about it",
    success: { status: 200, description: "The service.", content: { "application/json": STATUS } },
    handler(request, reply) {
      const snapshot = introspection.snapshot();
      const whole = isAllowed(principalOf(request).roles, "sources.read");
      return reply.send(whole ? snapshot : withoutPlaces(snapshot));
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/selftest",
    permission: "selftest.run",
    tag: "status",
    summary: "Runs the cryptographic self-tests now",
    description: "A test that fails stops every output, as it does when it fails by itself.",
    success: {
      status: 200,
      description: "What they came to.",
      content: {
        "application/json": Type.Object({ passed: Type.Boolean(), tests: Type.Array(SELF_TEST) }),
      },
    },
    async handler(request, reply) {
      const tests = await selfTest.run(principalOf(request).id);
      return reply.send({ passed: tests.every((test) => test.passed), tests });
    },
  });
}
