import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { DrawResult } from "../port/draw.ts";
import type { Context } from "./context.ts";
import { principalOf } from "./context.ts";
import { notAcceptable, overQuota } from "./guard.ts";
import { negotiate } from "./negotiation.ts";
import {
  type Answering,
  answerRandom,
  contentTypeOf,
  type Form,
  JSON_TYPE,
  OCTET_STREAM,
  TEXT,
} from "./randomAnswer.ts";
import { DEFAULT_BYTES, MAXIMUM_BYTES } from "./randomBytes.ts";
import { FRESH, REQUIREMENT_PROPERTIES, requirementOf } from "./requirement.ts";
import { addRoute } from "./route.ts";
import { OCTETS, OUTPUT_HEADERS, choice } from "./schemas.ts";

const QUERY = Type.Object(
  {
    bytes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAXIMUM_BYTES, default: DEFAULT_BYTES }),
    ),
    format: Type.Optional(choice(["hex", "base64"], "As text; octets or JSON by default.")),
    ...REQUIREMENT_PROPERTIES,
    fresh: FRESH,
  },
  { additionalProperties: false },
);
type Query = Omit<Static<typeof QUERY>, "format"> & { readonly format?: "hex" | "base64" };

const UNFORMATTED = [OCTET_STREAM, JSON_TYPE];
const FORMATTED = [TEXT];

function formOf(accept: string | undefined, { format }: Query): Form | null {
  if (format === undefined) return negotiate(accept, UNFORMATTED) as Form | null;
  return negotiate(accept, FORMATTED) === null ? null : format;
}

/** `GET /v1/random`. The usual request does not come this far: see `hot/`. */
export function addRandom(app: FastifyInstance, context: Context): void {
  const { random, access, clock, tally } = context.ports;
  const answering: Answering = {
    clock,
    answered: (status, seconds, bytes) => tally.answered("http", status, seconds, bytes),
  };

  function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    form: Form,
    result: DrawResult,
  ): void {
    if (!result.ok) {
      context.refuse(request, reply, result);
      return;
    }
    answerRandom(reply.raw, request.startedMilliseconds, form, result, answering);
    reply.hijack();
  }

  addRoute(app, context, {
    method: "GET",
    url: "/v1/random",
    permission: "random.draw",
    tag: "random",
    summary: "Random bytes",
    description:
      "Exactly what was asked for, or a refusal; never a silent downgrade. A request that demands more than the seed in use gives is answered from a new one, or refused with `unmet`.",
    door: "http",
    query: QUERY,
    produces: [...UNFORMATTED, TEXT],
    success: {
      status: 200,
      description: "The bytes.",
      content: {
        [OCTET_STREAM]: OCTETS,
        [JSON_TYPE]: Type.Object({
          bytes: Type.String({ contentEncoding: "base64" }),
          output: Type.String({ description: "The last output." }),
          seed: Type.String(),
          outputs: Type.Optional(
            Type.Array(Type.String(), { description: "Every output, when it was split." }),
          ),
        }),
        [TEXT]: Type.String(),
      },
      headers: OUTPUT_HEADERS,
    },
    errors: [503],
    head(request, reply) {
      const query = request.query as Query;
      const form = formOf(request.headers.accept, query);
      if (form === null)
        return context.refuse(
          request,
          reply,
          notAcceptable(query.format ? FORMATTED : UNFORMATTED),
        );
      return reply
        .headers({ "content-type": contentTypeOf(form), "cache-control": "no-store" })
        .send();
    },
    handler(request, reply) {
      const query = request.query as Query;
      const form = formOf(request.headers.accept, query);
      if (form === null) {
        context.refuse(request, reply, notAcceptable(query.format ? FORMATTED : UNFORMATTED));
        return;
      }
      const bytes = query.bytes ?? DEFAULT_BYTES;
      const principal = principalOf(request);
      const wait = access.quotas.admitBytes(principal, bytes);
      if (wait > 0) {
        context.refuse(request, reply, overQuota("bytes", wait));
        return;
      }
      const result = random.draw({
        bytes,
        door: "http",
        principal: principal.id,
        purpose: "random",
        requirement: requirementOf(query),
      });
      if (!(result instanceof Promise)) {
        settle(request, reply, form, result);
        return;
      }
      result
        .then((later) => settle(request, reply, form, later))
        .catch((error: unknown) => context.fail(request, reply, error));
    },
  });
}
