import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify";
import { type Access, credentialOf } from "../access/access.ts";
import { rolesOf, type Permission } from "../access/permissions.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Principal, Role } from "../port/principal.ts";
import type { Context } from "./context.ts";
import type { Hosts } from "./hosts.ts";
import { negotiate } from "./negotiation.ts";

/** One answer for every way in which authentication fails. */
const UNAUTHENTICATED = refuse(
  "unauthenticated",
  "This route needs a valid token, session or client certificate.",
);

export function overQuota(what: string, milliseconds: number): Refusal {
  return refuse("over_quota", `The quota of ${what} per second is used up.`, {
    retryAfterSeconds: Math.ceil(milliseconds / 1000),
  });
}

export function notAcceptable(offered: readonly string[]): Refusal {
  return refuse("not_acceptable", `This route gives ${offered.join(", ")}.`, {
    remedy: `Accept ${offered.join(" or ")}.`,
  });
}

const AMBIGUOUS = refuse(
  "invalid_parameter",
  "Host and Authorization must each be given once: two readers would take different ones.",
);

/**
 * Whether Host (RFC 9112 3.2: several are a 400) or Authorization stands there more than once; of
 * both, node keeps the first and says nothing.
 */
function isAmbiguous(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  let authorizations = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
    else if (name.length === 13 && name.toLowerCase() === "authorization") authorizations++;
  }
  return hosts > 1 || authorizations > 1;
}

/** What the guard asks of the house. */
export interface Gatekeepers {
  readonly access: Pick<Access, "authenticate">;
  readonly hosts: Pick<Hosts, "checkHost" | "checkPage" | "checkOwnPage">;
  readonly publicProbes: boolean;
}

/** The head of a request, as node reads it. */
export type Head = Pick<IncomingMessage, "headers" | "rawHeaders" | "method" | "socket">;

export type Admission = (head: Head) => Principal | Refusal | null;

/**
 * Who asks, from the head of a request alone: nothing of a body has been read, no parameter looked at,
 * nothing counted. Null is nobody, where nobody is needed.
 */
export function identityFor(
  { access, hosts, publicProbes }: Gatekeepers,
  permission: Permission,
): Admission {
  const roles: readonly Role[] = rolesOf(permission);
  // A link from another site may lead to the console's page, which holds nothing.
  const isPublic = permission === "console.read" || (permission === "probe.read" && publicProbes);
  const signsIn = permission === "session.open";
  const forbidden = refuse("forbidden", `This route needs one of the roles ${roles.join(", ")}.`);
  return (raw) => {
    const { headers, socket } = raw;
    if (isAmbiguous(raw.rawHeaders)) return AMBIGUOUS;
    const foreign = hosts.checkHost(headers.host);
    if (foreign) return foreign;
    if (isPublic) return null;
    const page =
      signsIn || credentialOf(headers) === "session"
        ? hosts.checkOwnPage(raw)
        : hosts.checkPage(headers);
    if (page) return page;
    if (signsIn) return null;
    const principal = access.authenticate(headers, socket);
    if (principal === null) return UNAUTHENTICATED;
    return principal.roles.some((role) => roles.includes(role)) ? principal : forbidden;
  };
}

export const gatekeepersOf = ({ ports, hosts, options }: Context): Gatekeepers => ({
  access: ports.access,
  hosts,
  publicProbes: options.publicProbes,
});

/** Who comes in: who asks, counted as a request of its quota. */
export function admissionFor(context: Context, permission: Permission): Admission {
  const identify = identityFor(gatekeepersOf(context), permission);
  const { quotas } = context.ports.access;
  return (raw) => {
    const principal = identify(raw);
    if (principal === null || "code" in principal) return principal;
    const wait = quotas.admitRequest(principal);
    return wait > 0 ? overQuota("requests", wait) : principal;
  };
}

/** The first hook of a route. */
export function guardFor(
  context: Context,
  permission: Permission,
  produces: readonly string[] | null,
): (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void {
  const identify = identityFor(gatekeepersOf(context), permission);
  const { clock, access } = context.ports;
  return (request, reply, done) => {
    request.startedMilliseconds = clock.monotonicMilliseconds();
    const identified = identify(request.raw);
    if (identified !== null) {
      if ("code" in identified) {
        context.refuse(request, reply, identified);
        return;
      }
      request.principal = identified;
      const wait = access.quotas.admitRequest(identified);
      if (wait > 0) {
        context.refuse(request, reply, overQuota("requests", wait));
        return;
      }
    }
    const { accept } = request.headers;
    if (accept !== undefined && produces !== null && negotiate(accept, produces) === null) {
      context.refuse(request, reply, notAcceptable(produces));
      return;
    }
    done();
  };
}
