import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { COMMAND } from "../log/leaves/command.ts";
import type { IntentDescription } from "../port/approval.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import { principalOf, type Context } from "./context.ts";
import { askerOf, REASON, STRICT } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { INTENT, nullable } from "./schemas.ts";

const DAY_SECONDS = 86_400;

const ORDER = Type.Object(
  {
    command: COMMAND,
    reason: REASON,
    ifRevision: Type.Optional(
      Type.Integer({ minimum: 1, description: "Of the key; default: whatever it is now." }),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({ minimum: 60, maximum: 30 * DAY_SECONDS, default: DAY_SECONDS }),
    ),
  },
  STRICT,
);
const APPROVAL = Type.Object(
  {
    signature: Type.String({
      maxLength: 4000,
      pattern:
        "^-----BEGIN SSH SIGNATURE-----\\r?\\n([A-Za-z0-9+/=]{1,100}\\r?\\n)+-----END SSH SIGNATURE-----(\\r?\\n)?$",
      description: "What `ssh-keygen -Y sign -n NAMESPACE` wrote over the document.",
    }),
  },
  STRICT,
);
const WITHDRAWAL = Type.Object({ reason: REASON }, STRICT);
export const INTENT_ID = Type.String({ pattern: "^in-[0-9a-f]{16}-[1-9][0-9]{0,15}$" });
const ID = Type.Object({ id: INTENT_ID }, STRICT);
const LIST = Type.Object(
  {
    after: Type.Optional(INTENT_ID),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50 })),
  },
  STRICT,
);
const ANSWER = { "application/json": INTENT };
const SEEING_ALL = ["auditor", "custodian", "admin"] as const;

/** Whose intents alone somebody sees; null for everybody's. */
function onlyOf(request: FastifyRequest): string | null {
  const { id, roles } = principalOf(request);
  return roles.some((role) => SEEING_ALL.some((one) => one === role)) ? null : id;
}

/** A custodian approves and never initiates; what is no key's is the admin's to ask for. */
function mayAsk(request: FastifyRequest, op: string): Refusal | null {
  const { roles } = principalOf(request);
  if (roles.includes("admin")) return null;
  if (roles.includes("custodian"))
    return refuse("forbidden", "A custodian approves, and asks for nothing.");
  return op.startsWith("key.") ? null : refuse("forbidden", `${op} is for the role admin.`);
}

/** Dual control: asking, approving, doing. */
export function addIntents(app: FastifyInstance, context: Context): void {
  const { approvals } = context.ports;
  const idOf = (request: FastifyRequest): string => (request.params as Static<typeof ID>).id;
  const common = { tag: "approval", errors: [403, 409, 503] } as const;
  const found = { status: 200, description: "The intent.", content: ANSWER } as const;

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/intents",
    permission: "intents.create",
    summary: "Asks custodians for leave to do something",
    description:
      "They sign `document`, the canonical JSON of the command and its circumstances, with their SSH keys. Nothing is done before `execute`.",
    body: ORDER,
    success: { status: 201, description: "The intent, pending.", content: ANSWER },
    errors: [403, 409, 412, 503],
    async handler(request, reply) {
      const { command, reason, ifRevision, expiresInSeconds } = request.body as Static<
        typeof ORDER
      >;
      const refusal = mayAsk(request, command.op);
      if (refusal) return context.refuse(request, reply, refusal);
      const order = {
        command,
        reason: reason ?? null,
        ifRevision: ifRevision ?? null,
        lifetimeSeconds: expiresInSeconds ?? DAY_SECONDS,
      };
      const made = await context.durable(approvals.create(order, askerOf(request, ["admin"])));
      if ("ok" in made) return context.refuse(request, reply, made);
      return reply.code(201).send(made);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/intents",
    permission: "intents.read",
    summary: "Intents in the order that they were made: a client's own, or all",
    query: LIST,
    success: {
      status: 200,
      description: "A page; `next` is null on the last.",
      content: {
        "application/json": Type.Object({
          intents: Type.Array(INTENT),
          next: nullable(Type.String()),
        }),
      },
    },
    async handler(request, reply) {
      const { after = "", limit = 50 } = request.query as { after?: string; limit?: number };
      const page = await context.durable(approvals.list(after, limit));
      const only = onlyOf(request);
      const intents = page.filter((intent) => only === null || requesterOf(intent) === only);
      const next = page.length === limit ? page.at(-1)!.id : null;
      return reply.send({ intents, next });
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/intents/:id",
    permission: "intents.read",
    summary: "An intent with its approvals: all that it takes to check them offline",
    params: ID,
    success: found,
    async handler(request, reply) {
      const intent = await context.durable(approvals.get(idOf(request), onlyOf(request)));
      return "ok" in intent ? context.refuse(request, reply, intent) : reply.send(intent);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/intents/:id/approvals",
    permission: "intents.approve",
    summary: "A custodian's approval: an SSH signature over the document",
    params: ID,
    body: APPROVAL,
    success: found,
    async handler(request, reply) {
      const { signature } = request.body as Static<typeof APPROVAL>;
      const approving = approvals.approve(idOf(request), signature, principalOf(request).id);
      const intent = await context.durable(approving);
      return "ok" in intent ? context.refuse(request, reply, intent) : reply.send(intent);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/intents/:id/withdraw",
    permission: "intents.withdraw",
    summary: "Ends an intent for good: its requester, or any custodian alone",
    params: ID,
    body: WITHDRAWAL,
    success: found,
    async handler(request, reply) {
      const { reason } = request.body as Static<typeof WITHDRAWAL>;
      const [id, actor] = [idOf(request), principalOf(request).id];
      const seen = await context.durable(approvals.get(id, onlyOf(request)));
      if ("ok" in seen) return context.refuse(request, reply, seen);
      const intent = await context.durable(approvals.withdraw(id, reason ?? null, actor));
      return "ok" in intent ? context.refuse(request, reply, intent) : reply.send(intent);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/intents/:id/execute",
    permission: "intents.execute",
    summary: "Does what was approved, once",
    description:
      "Everything is looked at again: approvals, expiry, and whether what it acts on is still as it was when it was approved.",
    params: ID,
    body: Type.Object({}, STRICT),
    success: { ...found, description: "The intent, executed." },
    errors: [403, 409, 412, 503],
    async handler(request, reply) {
      const id = idOf(request);
      const seen = await context.durable(approvals.get(id, onlyOf(request)));
      if ("ok" in seen) return context.refuse(request, reply, seen);
      const asker = askerOf(request, ["admin"]);
      const intent = await context.durable(approvals.execute(id, asker));
      return "ok" in intent ? context.refuse(request, reply, intent) : reply.send(intent);
    },
  });
}

function requesterOf({ document }: IntentDescription): string {
  return (JSON.parse(document) as { requester: string }).requester;
}
