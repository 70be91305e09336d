import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type TObject, type TSchema } from "typebox";
import { rolesOf, type Permission } from "../access/permissions.ts";
import type { Door } from "../port/lineage.ts";
import type { Refusal } from "../port/errors.ts";
import type { Role } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { guardFor } from "./guard.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import { PROBLEM } from "./schemas.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export interface RouteSpec {
  readonly method: "GET" | "POST" | "DELETE";
  /** With fastify's `:name` for parameters. */
  readonly url: string;
  readonly permission: Permission;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Where it is counted, for what gives out random bytes. */
  readonly door?: Door;
  readonly query?: TObject;
  readonly params?: TObject;
  readonly body?: TObject;
  /** The largest body; default `BODY_LIMIT_BYTES`. */
  readonly bodyLimitBytes?: number;
  /** A body of application/octet-stream, which may be left out. */
  readonly upload?: TSchema;
  /** Why a body, which may be large, need not be read; null when it has to be. */
  readonly beforeBody?: () => Refusal | null;
  /** Media types it can answer; default JSON. Null: it does not look at Accept. */
  readonly produces?: readonly string[] | null;
  /** Response of success: status, and schema by media type. */
  readonly success: {
    readonly status: 200 | 201 | 204;
    readonly description: string;
    readonly content?: Readonly<Record<string, TSchema>>;
    readonly headers?: Readonly<Record<string, TSchema>>;
  };
  /** Error statuses that this route has besides those of all routes. */
  readonly errors?: readonly number[];
  /** Answers HEAD where the handler itself must not run for it, because it draws or opens something. */
  readonly head?: Handler;
  readonly handler: Handler;
}

/** A line of the documentation's table of routes. */
export interface RouteRow {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly permission: Permission;
  readonly roles: readonly Role[];
  readonly summary: string;
  readonly bodyLimitBytes: number;
}

declare module "fastify" {
  interface FastifyContextConfig {
    permission?: Permission;
    summary?: string;
    bodyLimitBytes?: number;
  }
}

const NOTHING = Type.Object({}, { additionalProperties: false });

/** Every body is a few fields; the largest sensible one is a token's. */
export const BODY_LIMIT_BYTES = 16_384;

const ERROR_DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: "A parameter is bad; nothing was drawn.",
  401: "No valid token.",
  403: "The roles do not suffice.",
  404: "No such thing.",
  406: "The Accept header cannot be satisfied.",
  409: "The state does not allow it.",
  412: "The key was changed since the revision in If-Match.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  429: "Over quota; Retry-After.",
  503: "Refused; `unmet` and Retry-After.",
};

function responses(spec: RouteSpec): Record<string, unknown> {
  const { success } = spec;
  const statuses = new Set([400, 401, 403, 406, 429, ...(spec.errors ?? [])]);
  if (spec.body) for (const status of [413, 415]) statuses.add(status);
  if (spec.params) statuses.add(404);
  const problems = [...statuses].map((status) => [
    status,
    {
      description: ERROR_DESCRIPTIONS[status] ?? "",
      content: { [PROBLEM_TYPE]: { schema: PROBLEM } },
    },
  ]);
  const content = Object.entries(success.content ?? {}).map(([type, schema]) => [type, { schema }]);
  const answer = {
    description: success.description,
    ...(content.length > 0 ? { content: Object.fromEntries(content) } : { type: "null" }),
    ...(success.headers ? { headers: success.headers } : {}),
  };
  return { [success.status]: answer, ...Object.fromEntries(problems) };
}

function needsNobody(permission: Permission, { options }: Context): boolean {
  if (permission === "probe.read") return options.publicProbes;
  return permission === "console.read" || permission === "session.open";
}

/** Registers a route: the guard in front, the strict schemas, HEAD beside GET. */
export function addRoute(app: FastifyInstance, context: Context, spec: RouteSpec): void {
  const { method, url, permission, tag, summary, description, door, params, body, beforeBody } =
    spec;
  const { bodyLimitBytes = BODY_LIMIT_BYTES } = spec;
  const config = { permission, summary, bodyLimitBytes, ...(door ? { door } : {}) };
  const produces = spec.produces === undefined ? ["application/json"] : spec.produces;
  const onRequest = guardFor(context, permission, spec.success.status === 204 ? null : produces);
  const input = {
    querystring: spec.query ?? NOTHING,
    ...(params ? { params } : {}),
    ...(body ? { body } : {}),
    ...(spec.upload ? { body: { content: { "application/octet-stream": { schema: {} } } } } : {}),
  };
  app.route({
    method,
    url,
    config,
    onRequest,
    ...(spec.bodyLimitBytes === undefined ? {} : { bodyLimit: bodyLimitBytes }),
    ...(beforeBody
      ? {
          preParsing: async (request: FastifyRequest, reply: FastifyReply) => {
            const refusal = beforeBody();
            if (refusal !== null) await context.refuse(request, reply, refusal);
          },
        }
      : {}),
    exposeHeadRoute: method === "GET" && !spec.head,
    schema: {
      ...input,
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      ...(needsNobody(permission, context) ? { security: [] } : {}),
      response: responses(spec),
    },
    handler: spec.handler,
  });
  if (spec.head)
    app.route({
      method: "HEAD",
      url,
      config,
      onRequest,
      schema: { ...input, hide: true },
      handler: spec.head,
    });
}

/** `/v1/sources/:id` as OpenAPI and people write it. */
function pathOf(url: string): string {
  return url.replaceAll(/:([a-zA-Z]+)/g, "{$1}").replace("*", "{*}");
}

export function rowOf(
  method: string,
  url: string,
  permission: Permission,
  summary: string,
  bodyLimitBytes: number = BODY_LIMIT_BYTES,
): RouteRow {
  const roles = rolesOf(permission);
  return { method, path: pathOf(url), permission, roles, summary, bodyLimitBytes };
}
