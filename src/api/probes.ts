import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { ERRORS, refuse, type ErrorCode } from "../port/errors.ts";
import type { Context } from "./context.ts";
import { problemHeaders, problemOf } from "./problem.ts";
import { addRoute } from "./route.ts";
import { withoutPlaces } from "./visible.ts";

/** Status 503 must be the code's own; a cause that is no HTTP error stands under `not_ready`. */
function codeOf(cause: string | undefined): ErrorCode {
  const known = cause !== undefined && cause in ERRORS ? (cause as ErrorCode) : "not_ready";
  return ERRORS[known].status === 503 ? known : "not_ready";
}

/** What monitors ask: none of it draws, or says more than it must. */
export function addProbes(app: FastifyInstance, context: Context): void {
  const { introspection, metrics } = context.ports;
  const common = { permission: "probe.read", tag: "probes", produces: null } as const;
  let rendering: Promise<string> | null = null;
  let document: string | null = null;

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/healthz",
    summary: "The process is alive",
    success: {
      status: 200,
      description: "It is.",
      content: { "application/json": Type.Object({ status: Type.String() }) },
    },
    handler: (_request, reply) =>
      reply.header("cache-control", "no-store").send({ status: "alive" }),
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/readyz",
    summary: "Vetted bytes can be had now",
    description: "503 names every cause, with its remedy, in `unready`.",
    success: {
      status: 200,
      description: "They can.",
      content: { "application/json": Type.Object({ ready: Type.Boolean() }) },
    },
    errors: [503],
    handler(request, reply) {
      const { ready, unready } = withoutPlaces(introspection.snapshot());
      void reply.header("cache-control", "no-store");
      if (ready) return reply.send({ ready });
      // Asked every few seconds by a monitor: neither logged nor counted as a refusal.
      const [cause] = unready;
      const refusal = refuse(
        codeOf(cause?.code),
        cause?.detail ?? "It is not ready.",
        cause ? { remedy: cause.remedy } : {},
      );
      return reply
        .code(503)
        .headers(problemHeaders(refusal))
        .send(JSON.stringify({ ...problemOf(refusal, request.id), unready }));
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/metrics",
    summary: "Prometheus metrics",
    success: { status: 200, description: "Text.", content: { "text/plain": Type.String() } },
    async handler(_request, reply) {
      // Any number of scrapers at once cost one rendering.
      rendering ??= metrics.render().finally(() => {
        rendering = null;
      });
      return reply.header("content-type", metrics.contentType).send(await rendering);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/openapi.json",
    summary: "This document",
    success: {
      status: 200,
      description: "OpenAPI 3.1.",
      content: { "application/json": Type.Object({}, { additionalProperties: true }) },
    },
    handler(_request, reply) {
      document ??= JSON.stringify(app.swagger());
      return reply.header("content-type", "application/json").send(document);
    },
  });
}
