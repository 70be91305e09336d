import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../port/errors.ts";
import type { OutputStory } from "../port/lineage.ts";
import type { Principal } from "../port/principal.ts";
import { principalOf, type Context } from "./context.ts";
import { goOn, linesAsText, NDJSON, sendLong } from "./lines.ts";
import { addRoute } from "./route.ts";
import { LINEAGE_LINE, OUTPUT_STORY } from "./schemas.ts";

/** `seed.counter`; what is not of this form was never given. */
const OUTPUT_ID = Type.Object(
  { id: Type.String({ pattern: "^[A-Za-z0-9-]{1,64}\\.[0-9]{1,16}$" }) },
  { additionalProperties: false },
);

const RANGE = Type.Object(
  {
    from: Type.Optional(
      Type.Integer({ minimum: 0, default: 0, description: "Unix milliseconds, inclusive." }),
    ),
    to: Type.Optional(
      Type.Integer({ minimum: 0, description: "Unix milliseconds, exclusive; default: no end." }),
    ),
  },
  { additionalProperties: false },
);

/** Another principal's record is not a client's business; what stands behind the bytes is. */
function visibleTo(principal: Principal, story: OutputStory): OutputStory {
  const all = principal.roles.some((role) => role === "auditor" || role === "admin");
  const own = story.output?.principal === principal.id;
  return all || own ? story : { ...story, output: null };
}

export function addLineage(app: FastifyInstance, context: Context): void {
  const { lineage } = context.ports;

  addRoute(app, context, {
    method: "GET",
    url: "/v1/outputs/:id",
    permission: "outputs.read",
    tag: "lineage",
    summary: "The story of an output: its seed, blocks and windows",
    params: OUTPUT_ID,
    success: {
      status: 200,
      description: "The story.",
      content: { "application/json": OUTPUT_STORY },
    },
    errors: [503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof OUTPUT_ID>;
      const story = await context.durable(lineage.output(id));
      if (!story)
        return context.refuse(
          request,
          reply,
          refuse("not_found", "No such output can have been given, or it is past its retention."),
        );
      return reply.send(visibleTo(principalOf(request), story));
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/lineage",
    permission: "lineage.read",
    tag: "lineage",
    summary: "Every record of the seeds made in a span of time, one JSON object a line",
    query: RANGE,
    produces: [NDJSON],
    success: { status: 200, description: "The records.", content: { [NDJSON]: LINEAGE_LINE } },
    errors: [503],
    head: (_request, reply) =>
      reply.headers({ "content-type": NDJSON, "cache-control": "no-store" }).send(),
    async handler(request, reply) {
      const { from = 0, to = Number.MAX_SAFE_INTEGER } = request.query as Static<typeof RANGE>;
      if (to <= from) {
        context.refuse(request, reply, refuse("invalid_parameter", "to is not after from."));
        return;
      }
      const text = linesAsText(lineage.lines(from, to));
      // A database that cannot be read shows here, while it can still be told by a status.
      const first = await context.durable(text.next());
      sendLong(context, request, reply, () => ({
        headers: { "content-type": NDJSON },
        chunks: first.done ? [] : goOn(first.value, text),
        close: () => {},
      }));
    },
  });
}
