import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { PERSON, PRINCIPALS, SSH_PUBLIC_KEY } from "../log/leaves/command.ts";
import { principalOf, type Context } from "./context.ts";
import { STRICT } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { CUSTODIAN } from "./schemas.ts";

const FIRST = Type.Object(
  {
    custodians: Type.Array(
      Type.Object(
        {
          person: PERSON,
          publicKey: SSH_PUBLIC_KEY,
          principals: Type.Optional(PRINCIPALS),
        },
        STRICT,
      ),
      { minItems: 1, maxItems: 64 },
    ),
  },
  STRICT,
);

/** People who approve. Once there are any, further ones come and go by intents alone. */
export function addCustodians(app: FastifyInstance, context: Context): void {
  const { approvals } = context.ports;
  const content = {
    "application/json": Type.Object({ custodians: Type.Array(CUSTODIAN) }),
  };

  addRoute(app, context, {
    method: "GET",
    url: "/v1/custodians",
    permission: "custodians.read",
    tag: "approval",
    summary: "Keys of those who approve, those that were removed among them",
    success: { status: 200, description: "All of them.", content },
    errors: [503],
    handler: async (_request, reply) =>
      reply.send({ custodians: await context.durable(approvals.custodians()) }),
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/custodians/bootstrap",
    permission: "custodians.bootstrap",
    tag: "approval",
    summary: "The first custodians, while there never were any",
    body: FIRST,
    success: { status: 201, description: "They can approve.", content },
    errors: [409, 503],
    async handler(request, reply) {
      const { custodians } = request.body as Static<typeof FIRST>;
      const enrolments = custodians.map(({ principals = [], ...rest }) => ({
        ...rest,
        principals,
      }));
      const made = await context.durable(approvals.bootstrap(enrolments, principalOf(request).id));
      if ("ok" in made) return context.refuse(request, reply, made);
      return reply.code(201).send({ custodians: made });
    },
  });
}
