import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { isAllowed, rolesOf } from "../access/permissions.ts";
import { refuse } from "../port/errors.ts";
import { principalOf, type Context } from "./context.ts";
import { goOn, linesAsText, NDJSON, sendLong } from "./lines.ts";
import { REASON } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { choice } from "./schemas.ts";

const BODY = Type.Object(
  {
    source: Type.String({
      pattern: "^[a-z0-9-]{1,32}$",
      description: "Its id; also of one that is gone.",
    }),
    from: Type.Number({ minimum: 0, description: "Unix milliseconds, inclusive." }),
    to: Type.Number({ minimum: 0, description: "Unix milliseconds, inclusive." }),
    reason: REASON,
    suspend: Type.Optional(
      Type.Boolean({
        description:
          "Suspend each active managed key that no longer has its strength; for who may stop keys.",
      }),
    ),
  },
  { additionalProperties: false },
);

const LINE = Type.Object(
  { record: choice(["output", "recall"], "The last line is the summary.") },
  { additionalProperties: true },
);

const NOT_STOPPING = refuse(
  "forbidden",
  `Suspending keys needs one of the roles ${rolesOf("keys.stop").join(", ")}.`,
);

export function addRecall(app: FastifyInstance, context: Context): void {
  addRoute(app, context, {
    method: "POST",
    url: "/v1/recall",
    permission: "recall.run",
    tag: "lineage",
    summary: "What depended on noise that turned out bad, one JSON object a line",
    description:
      "Every key and receipted output whose seed drew on windows of the source in that time, and for each whether the other sources still gave its strength. The last line is the summary; it comes when the recall is in the log and among the events.",
    body: BODY,
    produces: [NDJSON],
    success: {
      status: 200,
      description: "The outputs, and the summary.",
      content: { [NDJSON]: LINE },
    },
    errors: [503],
    async handler(request, reply) {
      const { source, from, to, reason, suspend = false } = request.body as Static<typeof BODY>;
      if (to < from)
        return context.refuse(request, reply, refuse("invalid_parameter", "to is before from."));
      const order = { source, fromMilliseconds: from, toMilliseconds: to };
      const principal = principalOf(request);
      if (suspend && !isAllowed(principal.roles, "keys.stop"))
        return context.refuse(request, reply, NOT_STOPPING);
      const run = { order, actor: principal.id, reason: reason ?? null, suspend };
      const text = linesAsText(context.ports.recall.run(run));
      // A database that cannot be read shows here, while it can still be told by a status.
      const first = await context.durable(text.next());
      sendLong(context, request, reply, () => ({
        headers: { "content-type": NDJSON },
        chunks: first.done ? [] : goOn(first.value, text),
        close: () => {},
      }));
      return reply;
    },
  });
}
