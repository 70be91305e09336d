import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { SourceSnapshot } from "../port/snapshot.ts";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { SOURCE, SOURCE_TEST_REPORT } from "./schemas.ts";
import {
  absentSource,
  findSource,
  keepAct,
  REASON,
  SOURCE_ID,
  type SourceId,
} from "./sourceRoutes.ts";

const RESET_BODY = Type.Object({ reason: REASON }, { additionalProperties: false });
const TEST_BODY = Type.Object({ reason: Type.Optional(REASON) }, { additionalProperties: false });

export function addSources(app: FastifyInstance, context: Context): void {
  const { introspection, sources } = context.ports;
  const find = (id: string): SourceSnapshot | undefined => findSource(context, id);
  const common = { tag: "sources" } as const;

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
    params: SOURCE_ID,
    success: { status: 200, description: "The source.", content: { "application/json": SOURCE } },
    handler(request, reply) {
      const { id } = request.params as SourceId;
      const source = find(id);
      return source ? reply.send(source) : context.refuse(request, reply, absentSource(id));
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/sources/:id/test",
    permission: "sources.test",
    summary: "On-demand health test on fresh samples (SP 800-90B 4.3)",
    params: SOURCE_ID,
    body: TEST_BODY,
    success: {
      status: 200,
      description: "What it came to.",
      content: { "application/json": SOURCE_TEST_REPORT },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as SourceId;
      const { reason } = (request.body ?? {}) as Static<typeof TEST_BODY>;
      const actor = principalOf(request).id;
      if (!find(id)) return context.refuse(request, reply, absentSource(id));
      if (reason !== undefined)
        await keepAct(
          context,
          "source_tested",
          id,
          actor,
          reason,
          "An on-demand test was asked for.",
        );
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
    params: SOURCE_ID,
    body: RESET_BODY,
    success: {
      status: 200,
      description: "The source as it is now.",
      content: { "application/json": SOURCE },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as SourceId;
      const { reason } = request.body as Static<typeof RESET_BODY>;
      const early = sources.mayReset(id);
      if (early) return context.refuse(request, reply, early);
      // Who and why is durable before the latch opens: without a record nothing is reset.
      const actor = principalOf(request).id;
      await keepAct(context, "source_reset", id, actor, reason, "A reset was asked for.");
      const refusal = sources.reset(id);
      return refusal ? context.refuse(request, reply, refusal) : reply.send(find(id));
    },
  });
}
