import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { nullable, ROLE, TOKEN } from "./schemas.ts";
import { LINE } from "./text.ts";

const RATE = nullable(Type.Number({ exclusiveMinimum: 0, maximum: 1e12 }));

/** Ten years: a longer wish is a wish for a token that does not expire. */
const LONGEST_SECONDS = 315_360_000;

const BODY = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: LINE,
      description: "For people; it need not be unique.",
    }),
    roles: Type.Array(ROLE, { minItems: 1, maxItems: 5, uniqueItems: true }),
    quota: Type.Optional(
      Type.Object(
        { requestsPerSecond: Type.Optional(RATE), bytesPerSecond: Type.Optional(RATE) },
        {
          additionalProperties: false,
          minProperties: 1,
          description: "null is unlimited; what is left out is as configured.",
        },
      ),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LONGEST_SECONDS,
        description: "Without it, the token does not expire.",
      }),
    ),
  },
  { additionalProperties: false },
);

const ID = Type.Object(
  { id: Type.String({ pattern: "^token-[0-9a-f]{16}$" }) },
  { additionalProperties: false },
);

export function addTokens(app: FastifyInstance, context: Context): void {
  const { access, clock } = context.ports;
  const { tokens } = access;

  addRoute(app, context, {
    method: "POST",
    url: "/v1/tokens",
    permission: "tokens.create",
    tag: "tokens",
    summary: "A new token; its secret is shown this once",
    body: BODY,
    success: {
      status: 201,
      description: "The token.",
      content: {
        "application/json": Type.Object({ ...TOKEN.properties, token: Type.String() }),
      },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { name, roles, quota, expiresInSeconds } = request.body as Static<typeof BODY>;
      const created = await context.durable(
        tokens.create(
          {
            name,
            roles,
            ...(quota ? { quota } : {}),
            ...(expiresInSeconds === undefined
              ? {}
              : { expiresMilliseconds: clock.wallMilliseconds() + expiresInSeconds * 1000 }),
          },
          principalOf(request).id,
        ),
      );
      if (!created.ok) return context.refuse(request, reply, created);
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({ token: created.token, ...created.description });
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/tokens",
    permission: "tokens.list",
    tag: "tokens",
    summary: "Every token, without its secret",
    success: {
      status: 200,
      description: "The tokens, revoked and expired ones included.",
      content: { "application/json": Type.Object({ tokens: Type.Array(TOKEN) }) },
    },
    handler: (_request, reply) => reply.send({ tokens: tokens.list() }),
  });

  addRoute(app, context, {
    method: "DELETE",
    url: "/v1/tokens/:id",
    permission: "tokens.revoke",
    tag: "tokens",
    summary: "Revokes a token, at once and for good",
    params: ID,
    success: { status: 204, description: "It is revoked." },
    errors: [503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      const refusal = await context.durable(tokens.revoke(id, principalOf(request).id));
      return refusal ? context.refuse(request, reply, refusal) : reply.code(204).send();
    },
  });
}
