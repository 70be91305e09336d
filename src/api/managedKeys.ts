import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import type { Changed } from "../key/managed/keyChanges.ts";
import type { KeyOrder, PolicyOrder } from "../key/managed/order.ts";
import type { Refusal } from "../port/errors.ts";
import { KEY_PURPOSES, KEY_STATES, MANAGED_TYPES, type KeyState } from "../port/key.ts";
import { principalOf, type Context } from "./context.ts";
import { overQuota } from "./guard.ts";
import {
  askerOf,
  base64,
  KEY_ID,
  REVISION_HEADERS,
  STRICT,
  toBytes,
  withRevision,
} from "./keyRequest.ts";
import {
  ALGORITHMS,
  CHANGED_KEY,
  KEY_SUMMARY,
  MANAGED_KEY,
  NAME,
  POLICY_ORDER,
  PRINCIPALS,
  USAGES,
} from "./keySchemas.ts";
import {
  FRESH,
  REQUIREMENT_PROPERTIES,
  requirementOf,
  type RequirementInput,
} from "./requirement.ts";
import { addRoute } from "./route.ts";
import { choice, nullable } from "./schemas.ts";

const ORDER = {
  type: choice(MANAGED_TYPES),
  purpose: Type.Optional(choice(KEY_PURPOSES, "Default: the first that the type can have.")),
  usages: Type.Optional(USAGES),
  algorithms: Type.Optional(ALGORITHMS),
  name: Type.Optional(NAME),
  principals: Type.Optional(PRINCIPALS),
  exportable: Type.Optional(
    Type.Boolean({ description: "Whether its material may ever leave. Fixed at the birth." }),
  ),
  activate: Type.Optional(
    Type.Boolean({ description: "Active at once (default), or pre-activation." }),
  ),
  policy: Type.Optional(POLICY_ORDER),
};
const CREATE = Type.Object({ ...ORDER, ...REQUIREMENT_PROPERTIES, fresh: FRESH }, STRICT);
/** The longest raw key: ML-KEM's d and z. */
const IMPORT = Type.Object({ ...ORDER, material: base64(64, "The raw key.") }, STRICT);

const LIST = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        pattern: "^k-[0-9a-f]{16}-[0-9]{1,16}$",
        description: "`next` of the page before.",
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
    state: Type.Optional(choice(KEY_STATES, "Of the primary version.")),
  },
  STRICT,
);

/** Answers a change: the key as it is now, and the id of its leaf. */
export async function answerChange(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  changed: Changed | Refusal,
  status = 200,
): Promise<FastifyReply> {
  if ("ok" in changed) return context.refuse(request, reply, changed);
  const { record, leaf } = changed;
  const everything = { id: principalOf(request).id, anyKey: true };
  const key = await context.ports.managed.reader.get(record.id, everything);
  if ("ok" in key) return context.refuse(request, reply, key);
  return withRevision(reply.code(status), key.revision).send({ ...key, leaf });
}

/** Keys that stay: made, taken in, shown. */
export function addManagedKeys(app: FastifyInstance, context: Context): void {
  const { managed, access, clock, keys, tally } = context.ports;
  const made = {
    status: 201,
    description: "The key, its material sealed, and its leaf in the log.",
    content: { "application/json": CHANGED_KEY },
    headers: REVISION_HEADERS,
  } as const;

  addRoute(app, context, {
    method: "POST",
    url: "/v1/keys",
    permission: "keys.create",
    tag: "keys",
    summary: "A managed key, made here and kept",
    description:
      "Its material comes from the DRBG, is sealed before it is stored, and does not leave. Its leaf in the log holds its birth certificate: the noise behind it, and a salted commitment to it.",
    door: "keys",
    body: CREATE,
    success: made,
    errors: [503],
    async handler(request, reply) {
      const order = orderOf(request.body as object);
      const principal = principalOf(request);
      const seedBytes = keys.seedBytes(order.type);
      const wait = access.quotas.admitBytes(principal, seedBytes);
      if (wait > 0) return context.refuse(request, reply, overQuota("bytes", wait));
      const requirement = requirementOf(request.body as RequirementInput);
      const changed = await context.durable(
        managed.service.create(order, requirement, askerOf(request, [])),
      );
      if (!("ok" in changed)) {
        const seconds = (clock.monotonicMilliseconds() - request.startedMilliseconds) / 1000;
        tally.answered("keys", 201, seconds, seedBytes);
      }
      return answerChange(context, request, reply, changed, 201);
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/keys/import",
    permission: "keys.create",
    tag: "keys",
    summary: "A managed key that was made elsewhere",
    description:
      "It is marked as imported and has no birth certificate: nobody can say what noise is behind it.",
    body: IMPORT,
    success: made,
    errors: [503],
    async handler(request, reply) {
      const { material, ...order } = request.body as Static<typeof IMPORT>;
      const raw = toBytes(material);
      try {
        const changed = await context.durable(
          managed.service.import(orderOf(order), raw, askerOf(request, [])),
        );
        return await answerChange(context, request, reply, changed, 201);
      } finally {
        raw.fill(0);
      }
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/keys",
    permission: "keys.read",
    tag: "keys",
    summary: "Managed keys, by id: a client's own, or all",
    query: LIST,
    success: {
      status: 200,
      description: "A page; `next` is null on the last.",
      content: {
        "application/json": Type.Object({
          keys: Type.Array(KEY_SUMMARY),
          next: nullable(Type.String()),
        }),
      },
    },
    errors: [503],
    async handler(request, reply) {
      const {
        after = "",
        limit = 100,
        state = null,
      } = request.query as {
        readonly after?: string;
        readonly limit?: number;
        readonly state?: KeyState;
      };
      const asker = askerOf(request, ["operator", "auditor", "custodian", "admin"]);
      const page = await context.durable(managed.reader.list(asker, { after, limit, state }));
      return reply.header("cache-control", "no-store").send(page);
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/keys/:id",
    permission: "keys.read",
    tag: "keys",
    summary: "A managed key with its versions, policy and public keys",
    params: KEY_ID,
    success: {
      status: 200,
      description: "The key. Of its material nothing is shown.",
      content: { "application/json": MANAGED_KEY },
      headers: REVISION_HEADERS,
    },
    errors: [503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof KEY_ID>;
      const asker = askerOf(request, ["operator", "auditor", "custodian", "admin"]);
      const key = await context.durable(managed.reader.get(id, asker));
      if ("ok" in key) return context.refuse(request, reply, key);
      return withRevision(reply, key.revision).send(key);
    },
  });
}

/** The schema's types are wider than the order's: `choice` gives texts. */
function orderOf(order: object): KeyOrder {
  return order as KeyOrder & { readonly policy?: PolicyOrder };
}
