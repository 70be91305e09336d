import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { PAIR_LIMITS, type PairedKey } from "../key/distribution/pairedKeys.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import { principalOf, type Context } from "./context.ts";
import { overQuota } from "./guard.ts";
import { STRICT, toText } from "./keyRequest.ts";
import { addRoute } from "./route.ts";

/*
 * ETSI GS QKD 014 V1.1.1, whose paths are fixed: a SAE is a principal, and this service is the KME of
 * both. A key is not made at two places by physics; it is made here.
 */

const { keysPerRequest, keySizeBits, smallestKeyBits, largestKeyBits, keysWaiting } = PAIR_LIMITS;

const SAE = Type.Object(
  {
    sae: Type.String({
      minLength: 3,
      maxLength: 200,
      pattern: "^[a-z]+[-:][^/ \\p{Cc}\\p{Cs}\\p{Bidi_Control}]+$",
      description: "Id of the other party's principal.",
    }),
  },
  STRICT,
);
const NUMBER = Type.Optional(
  Type.Integer({ minimum: 1, maximum: keysPerRequest, default: 1, description: "How many keys." }),
);
const SIZE = Type.Optional(
  Type.Integer({
    minimum: smallestKeyBits,
    maximum: largestKeyBits,
    multipleOf: 8,
    default: keySizeBits,
    description: "In bits.",
  }),
);
const ASKED = Type.Object({ number: NUMBER, size: SIZE }, STRICT);
const ID = Type.String({ pattern: "^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
const ONE = Type.Object({ key_ID: ID }, STRICT);
const SEVERAL = Type.Object(
  { key_IDs: Type.Array(ONE, { minItems: 1, maxItems: keysPerRequest, uniqueItems: true }) },
  STRICT,
);
const CONTAINER = Type.Object({
  keys: Type.Array(Type.Object({ key_ID: Type.String(), key: Type.String() })),
});
const STATUS = Type.Object({
  source_KME_ID: Type.String(),
  target_KME_ID: Type.String(),
  master_SAE_ID: Type.String(),
  slave_SAE_ID: Type.String(),
  key_size: Type.Integer(),
  stored_key_count: Type.Integer({ description: "Keys that can still be asked for." }),
  max_key_count: Type.Integer(),
  max_key_per_request: Type.Integer(),
  max_key_size: Type.Integer(),
  min_key_size: Type.Integer(),
  max_SAE_ID_count: Type.Integer(),
});

/** Pre-shared keys for two parties: each gets the same fresh key, once. */
export function addPairedKeys(app: FastifyInstance, context: Context): void {
  const { pairs, access, transparency } = context.ports;
  const common = { permission: "keys.pair", tag: "pairs", params: SAE } as const;
  const keys = {
    status: 200,
    description: "The keys in base64, with their ids.",
    content: { "application/json": CONTAINER },
  } as const;
  const partner = (request: FastifyRequest): string => (request.params as Static<typeof SAE>).sae;

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/api/v1/keys/:sae/status",
    summary: "How many keys the caller may have for the pair with this slave",
    success: {
      status: 200,
      description: "The limits.",
      content: { "application/json": STATUS },
    },
    errors: [503],
    async handler(request, reply) {
      const pair = { master: principalOf(request).id, slave: partner(request) };
      const waiting = await context.durable(pairs.waiting(pair));
      // "NAME+ID+KEY": its name is this deployment's.
      const kme = transparency.verifierKey.split("+", 1)[0]!;
      return reply.header("cache-control", "no-store").send({
        source_KME_ID: kme,
        target_KME_ID: kme,
        master_SAE_ID: pair.master,
        slave_SAE_ID: pair.slave,
        key_size: keySizeBits,
        stored_key_count: keysWaiting - waiting,
        max_key_count: keysWaiting,
        max_key_per_request: keysPerRequest,
        max_key_size: largestKeyBits,
        min_key_size: smallestKeyBits,
        max_SAE_ID_count: 0,
      });
    },
  });

  const encrypt = async (
    request: FastifyRequest,
    reply: FastifyReply,
    { number = 1, size = keySizeBits }: Static<typeof ASKED>,
  ): Promise<FastifyReply> => {
    const principal = principalOf(request);
    const bytes = size / 8;
    const wait = access.quotas.admitBytes(principal, number * bytes);
    if (wait > 0) return context.refuse(request, reply, overQuota("bytes", wait));
    const pair = { master: principal.id, slave: partner(request) };
    return answer(request, reply, await context.durable(pairs.encrypt(pair, { number, bytes })));
  };
  const decrypt = async (
    request: FastifyRequest,
    reply: FastifyReply,
    ids: readonly string[],
  ): Promise<FastifyReply> => {
    if (new Set(ids).size < ids.length)
      return context.refuse(request, reply, refuse("invalid_parameter", "A key is named twice."));
    const pair = { master: partner(request), slave: principalOf(request).id };
    return answer(request, reply, await context.durable(pairs.decrypt(pair, ids)));
  };
  const answer = (
    request: FastifyRequest,
    reply: FastifyReply,
    given: readonly PairedKey[] | Refusal,
  ): FastifyReply => {
    if ("ok" in given) return context.refuse(request, reply, given);
    const container = given.map(({ id, bytes }) => ({ key_ID: id, key: toText(bytes) }));
    for (const { bytes } of given) bytes.fill(0);
    return reply.header("cache-control", "no-store").send({ keys: container });
  };

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/api/v1/keys/:sae/enc_keys",
    summary: "Fresh keys shared with this slave",
    query: ASKED,
    success: keys,
    errors: [503],
    // HEAD must not draw.
    head: (_request, reply) => reply.code(200).send(),
    handler: (request, reply) => encrypt(request, reply, request.query as Static<typeof ASKED>),
  });
  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/api/v1/keys/:sae/enc_keys",
    summary: "Fresh keys shared with this slave",
    body: ASKED,
    success: keys,
    errors: [503],
    handler: (request, reply) => encrypt(request, reply, request.body as Static<typeof ASKED>),
  });
  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/api/v1/keys/:sae/dec_keys",
    summary: "A key that this master has, for its slave, once",
    query: ONE,
    success: keys,
    errors: [503],
    head: (_request, reply) => reply.code(200).send(),
    handler: (request, reply) =>
      decrypt(request, reply, [(request.query as Static<typeof ONE>).key_ID]),
  });
  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/api/v1/keys/:sae/dec_keys",
    summary: "Keys that this master has, for their slave, once",
    body: SEVERAL,
    success: keys,
    errors: [503],
    handler: (request, reply) =>
      decrypt(
        request,
        reply,
        (request.body as Static<typeof SEVERAL>).key_IDs.map(({ key_ID }) => key_ID),
      ),
  });
}
