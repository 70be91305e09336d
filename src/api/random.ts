import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { DrawResult, Drawn } from "../port/draw.ts";
import type { Context } from "./context.ts";
import { principalOf } from "./context.ts";
import { notAcceptable, overQuota } from "./guard.ts";
import { negotiate } from "./negotiation.ts";
import { FRESH, REQUIREMENT_PROPERTIES, requirementOf } from "./requirement.ts";
import { addRoute } from "./route.ts";
import { OCTETS, OUTPUT_HEADERS, choice } from "./schemas.ts";

/** SP 800-90A table 2: 2^19 bits a request. */
const MAXIMUM_BYTES = 65_536;
const DEFAULT_BYTES = 32;

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

const OCTET_STREAM = "application/octet-stream";
const JSON_TYPE = "application/json";
const TEXT = "text/plain";
const UNFORMATTED = [OCTET_STREAM, JSON_TYPE];
const FORMATTED = [TEXT];

type Form = typeof OCTET_STREAM | typeof JSON_TYPE | "hex" | "base64";

function formOf(accept: string | undefined, { format }: Query): Form | null {
  if (format === undefined) return negotiate(accept, UNFORMATTED) as Form | null;
  return negotiate(accept, FORMATTED) === null ? null : format;
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Octets, or text of ASCII alone: as many bytes as it has characters. */
function payloadOf({ bytes, outputs, seed }: Drawn, form: Form): Buffer | string {
  const buffer = asBuffer(bytes);
  if (form === OCTET_STREAM) return buffer;
  if (form !== JSON_TYPE) return buffer.toString(form);
  return JSON.stringify({
    bytes: buffer.toString("base64"),
    output: outputs.at(-1),
    seed,
    ...(outputs.length > 1 ? { outputs } : {}),
  });
}

const contentTypeOf = (form: Form): string =>
  form === OCTET_STREAM || form === JSON_TYPE ? form : "text/plain; charset=utf-8";

/** `GET /v1/random`. This is the hot path: one look-up of the token, one draw, no serialiser. */
export function addRandom(app: FastifyInstance, context: Context): void {
  const { random, access, clock, tally } = context.ports;

  function answer(request: FastifyRequest, reply: FastifyReply, form: Form, drawn: Drawn): void {
    const res = reply.raw;
    const { bytes, outputs } = drawn;
    if (res.destroyed) {
      bytes.fill(0);
      return;
    }
    // "close" comes after the last byte was handed to the operating system, or the client has gone.
    res.on("close", () => {
      bytes.fill(0);
      const seconds = (clock.monotonicMilliseconds() - request.startedMilliseconds) / 1000;
      tally.answered("http", 200, seconds, res.writableFinished ? bytes.length : 0);
    });
    const payload = payloadOf(drawn, form);
    // Past fastify's reply, whose hooks and serialisers have nothing to do here.
    res.writeHead(200, {
      "content-type": contentTypeOf(form),
      "content-length": payload.length,
      "cache-control": "no-store",
      "springhouse-output": outputs.length === 1 ? outputs[0]! : outputs.join(", "),
      "springhouse-seed": drawn.seed,
    });
    reply.hijack();
    // Text forms are ASCII.
    res.end(payload, "latin1");
  }

  function settle(
    request: FastifyRequest,
    reply: FastifyReply,
    form: Form,
    result: DrawResult,
  ): void {
    if (result.ok) answer(request, reply, form, result);
    else context.refuse(request, reply, result);
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
