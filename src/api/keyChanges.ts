import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static, type TObject } from "typebox";
import type { PolicyOrder } from "../key/managed/order.ts";
import type { Permission } from "../access/permissions.ts";
import type { KeyTransition } from "../port/key.ts";
import type { Role } from "../port/principal.ts";
import type { Context } from "./context.ts";
import {
  askerOf,
  base64,
  expectedRevision,
  KEY_ID,
  REASON,
  REVISION_HEADERS,
  STRICT,
  toBytes,
  VERSION,
} from "./keyRequest.ts";
import { CHANGED_KEY, POLICY_ORDER, PRINCIPALS } from "./keySchemas.ts";
import { answerChange } from "./managedKeys.ts";
import {
  FRESH,
  REQUIREMENT_PROPERTIES,
  requirementOf,
  type RequirementInput,
} from "./requirement.ts";
import { addRoute } from "./route.ts";

const ROTATE = Type.Object(
  {
    activate: Type.Optional(Type.Boolean({ description: "The primary at once (default)." })),
    material: Type.Optional(base64(64, "A raw key made elsewhere; without it one is made here.")),
    reason: REASON,
    ...REQUIREMENT_PROPERTIES,
    fresh: FRESH,
  },
  STRICT,
);
const POLICY = Type.Object(
  { policy: Type.Optional(POLICY_ORDER), principals: Type.Optional(PRINCIPALS) },
  { ...STRICT, minProperties: 1 },
);
const TRANSITION = Type.Object({ version: VERSION, reason: REASON }, STRICT);
const COMPROMISE = Type.Object(
  {
    version: VERSION,
    reason: REASON,
    occurredMilliseconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e14,
        description: "When, as far as is known; default now.",
      }),
    ),
  },
  STRICT,
);

interface TransitionRoute {
  readonly transition: KeyTransition;
  readonly permission: Permission;
  /** Roles that may do it with any key. */
  readonly over: readonly Role[];
  readonly summary: string;
  readonly body: TObject;
}

const ANYONE_ON_GUARD: readonly Role[] = ["operator", "custodian", "admin"];

const TRANSITION_ROUTES: readonly TransitionRoute[] = [
  {
    transition: "activate",
    permission: "keys.manage",
    over: ["admin"],
    summary: "Makes a version active; the newest active one is the primary",
    body: TRANSITION,
  },
  {
    transition: "suspend",
    permission: "keys.stop",
    over: ANYONE_ON_GUARD,
    summary: "Stops a version for a while: it protects nothing, and processes as its policy says",
    body: TRANSITION,
  },
  {
    transition: "restore",
    permission: "keys.manage",
    over: ["admin"],
    summary: "Takes a suspension back; it needs custodians' approval",
    body: TRANSITION,
  },
  {
    transition: "deactivate",
    permission: "keys.manage",
    over: ["admin"],
    summary: "Ends a version's protecting for good; it still processes",
    body: TRANSITION,
  },
  {
    transition: "compromise",
    permission: "keys.stop",
    over: ANYONE_ON_GUARD,
    summary: "Reports that a version's material may be known to others",
    body: COMPROMISE,
  },
  {
    transition: "destroy",
    permission: "keys.manage",
    over: ["admin"],
    summary: "Destroys a version's material; it needs custodians' approval",
    body: TRANSITION,
  },
  {
    transition: "process",
    permission: "keys.manage",
    over: ["admin"],
    summary: "Lets a compromised version process for a while; it needs custodians' approval",
    body: TRANSITION,
  },
];

/** What changes a managed key. Each is judged by SP 800-57's table, and is one leaf of the log. */
export function addKeyChanges(app: FastifyInstance, context: Context): void {
  const { managed } = context.ports;
  const common = {
    method: "POST",
    tag: "keys",
    params: KEY_ID,
    success: {
      status: 200,
      description: "The key after the change, and its leaf in the log.",
      content: { "application/json": CHANGED_KEY },
      headers: REVISION_HEADERS,
    },
    errors: [409, 412, 503],
  } as const;
  const idOf = (request: FastifyRequest): string => (request.params as Static<typeof KEY_ID>).id;

  addRoute(app, context, {
    ...common,
    url: "/v1/keys/:id/rotate",
    permission: "keys.manage",
    summary: "A further version; the one before decrypts and verifies, and protects no more",
    body: ROTATE,
    async handler(request, reply) {
      const ifRevision = expectedRevision(request);
      if (ifRevision !== null && typeof ifRevision !== "number")
        return context.refuse(request, reply, ifRevision);
      const { material, reason, activate, ...requirement } = request.body as Static<typeof ROTATE> &
        RequirementInput;
      const raw = material === undefined ? null : toBytes(material);
      const order = {
        raw,
        activate: activate ?? true,
        reason: reason ?? null,
        requirement: requirementOf(requirement),
        ifRevision,
      };
      const changed = await context.durable(
        managed.service.rotate(idOf(request), order, askerOf(request, ["admin"])),
      );
      return answerChange(context, request, reply, changed);
    },
  });

  addRoute(app, context, {
    ...common,
    url: "/v1/keys/:id/policy",
    permission: "keys.manage",
    summary: "Another policy, or other principals; what is left out stays",
    body: POLICY,
    async handler(request, reply) {
      const ifRevision = expectedRevision(request);
      if (ifRevision !== null && typeof ifRevision !== "number")
        return context.refuse(request, reply, ifRevision);
      const order = request.body as {
        readonly policy?: PolicyOrder;
        readonly principals?: readonly string[];
      };
      const changed = await context.durable(
        managed.service.repolicy(idOf(request), order, askerOf(request, ["admin"]), ifRevision),
      );
      return answerChange(context, request, reply, changed);
    },
  });

  for (const { transition, permission, over, summary, body } of TRANSITION_ROUTES)
    addRoute(app, context, {
      ...common,
      url: `/v1/keys/:id/${transition}`,
      permission,
      summary,
      body,
      async handler(request, reply) {
        const ifRevision = expectedRevision(request);
        if (ifRevision !== null && typeof ifRevision !== "number")
          return context.refuse(request, reply, ifRevision);
        const { version, reason, occurredMilliseconds } = request.body as Static<typeof COMPROMISE>;
        const order = {
          transition,
          version: version ?? null,
          reason: reason ?? null,
          occurredMilliseconds: occurredMilliseconds ?? null,
          // Nobody can approve yet, so what needs approval is refused.
          approval: null,
        };
        const changed = await context.durable(
          managed.service.transit(idOf(request), order, askerOf(request, over), ifRevision),
        );
        return answerChange(context, request, reply, changed);
      },
    });
}
