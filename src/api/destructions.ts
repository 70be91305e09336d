import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { Context } from "./context.ts";
import { INTENT_ID } from "./intents.ts";
import { askerOf, REASON, STRICT } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { DESTRUCTION, DESTRUCTION_RECEIPT, nullable } from "./schemas.ts";

const ID = Type.Object({ id: INTENT_ID }, STRICT);
const LIST = Type.Object(
  {
    after: Type.Optional(INTENT_ID),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  STRICT,
);
const CANCELLATION = Type.Object({ reason: REASON }, STRICT);

/** What becomes of an approved destruction: called off in its window, or done, with a receipt. */
export function addDestructions(app: FastifyInstance, context: Context): void {
  const { destructions } = context.ports;
  const idOf = (request: FastifyRequest): string => (request.params as Static<typeof ID>).id;
  const answer = { "application/json": DESTRUCTION };

  addRoute(app, context, {
    method: "GET",
    url: "/v1/destructions",
    permission: "destructions.read",
    tag: "approval",
    summary: "Destructions that are scheduled, called off, under way or done",
    query: LIST,
    success: {
      status: 200,
      description: "A page; `next` is null on the last.",
      content: {
        "application/json": Type.Object({
          destructions: Type.Array(DESTRUCTION),
          next: nullable(Type.String()),
        }),
      },
    },
    errors: [503],
    async handler(request, reply) {
      const { after = "", limit = 100 } = request.query as { after?: string; limit?: number };
      const page = await context.durable(destructions.list(after, limit));
      const next = page.length === limit ? page.at(-1)!.id : null;
      return reply.send({ destructions: page, next });
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/destructions/:id/cancel",
    permission: "destructions.cancel",
    tag: "approval",
    summary: "Calls a scheduled destruction off: the safe direction needs nobody's leave",
    params: ID,
    body: CANCELLATION,
    success: { status: 200, description: "It is called off.", content: answer },
    errors: [409, 503],
    async handler(request, reply) {
      const { reason } = request.body as Static<typeof CANCELLATION>;
      const asker = askerOf(request, ["operator", "custodian", "admin"]);
      const cancelling = destructions.cancel(idOf(request), reason ?? null, asker);
      const done = await context.durable(cancelling);
      return "ok" in done ? context.refuse(request, reply, done) : reply.send(done);
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/destructions/:id/receipt",
    permission: "destructions.read",
    tag: "approval",
    summary: "The signed receipt of a destruction, with its proof from the log",
    description:
      "It says, slot by slot, whether a device sees to it that the old epoch opens no more or whether that is best effort, and which backups still hold it. `springhouse destruction verify` checks it offline.",
    params: ID,
    success: {
      status: 200,
      description: "The receipt.",
      content: { "application/json": DESTRUCTION_RECEIPT },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const receipt = await context.durable(destructions.receipt(idOf(request)));
      return "ok" in receipt ? context.refuse(request, reply, receipt) : reply.send(receipt);
    },
  });
}
