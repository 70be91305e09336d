import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { EVENT } from "./schemas.ts";

const since = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: "Only events with a greater sequence.",
  }),
);

const QUERY = Type.Object(
  { since, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
  { additionalProperties: false },
);

/** What the WebSocket takes: without `since`, only what happens from now on. */
export const EVENTS_SOCKET_QUERY = Type.Object({ since }, { additionalProperties: false });
export type EventsSocketQuery = Static<typeof EVENTS_SOCKET_QUERY>;

export function addEvents(app: FastifyInstance, context: Context): void {
  const { events } = context.ports;
  addRoute(app, context, {
    method: "GET",
    url: "/v1/events",
    permission: "events.read",
    tag: "events",
    summary: "State changes, alarms, reseeds and administrative acts, oldest first",
    description:
      "`next` is the `since` of the following page. Also a WebSocket, one JSON object a frame: with `since` it gives what was kept and goes on live, without a gap.",
    query: QUERY,
    success: {
      status: 200,
      description: "A page of events.",
      content: {
        "application/json": Type.Object({ events: Type.Array(EVENT), next: Type.Number() }),
      },
    },
    errors: [503],
    async handler(request, reply) {
      const { since: after = 0, limit = 100 } = request.query as Static<typeof QUERY>;
      const page = await context.durable(events.since(after, limit));
      return reply.send({ events: page, next: page.at(-1)?.sequence ?? after });
    },
  });
}
