import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { permissionsOf } from "../access/permissions.ts";
import { noSessionCookie, sessionCookie } from "../access/sessionCookie.ts";
import type { Principal } from "../port/principal.ts";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { nullable, ROLE } from "./schemas.ts";
import { SECRET_LINE } from "./text.ts";

const BODY = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: SECRET_LINE,
      description: "`sph_` and 43 characters.",
    }),
  },
  { additionalProperties: false },
);

const WHO = Type.Object({
  principal: Type.String(),
  name: Type.String(),
  roles: Type.Array(ROLE),
  permissions: Type.Array(Type.String(), { description: "What these roles may do." }),
  endsMilliseconds: nullable(
    Type.Number({ description: "Unix milliseconds, at the latest; null without a session." }),
  ),
});

const SESSION = Type.Object({ session: WHO });
const SESSION_OR_NONE = Type.Object({ session: nullable(WHO) });

/**
 * Whether the browser speaks TLS, to us or to a proxy before us: it says so in the Origin, which the
 * guard has found to be ours.
 */
function isSecure({ headers }: FastifyRequest): boolean {
  return headers.origin?.startsWith("https://") === true;
}

/** Signing in and out of a browser's session. */
export function addSession(app: FastifyInstance, context: Context): void {
  const { access } = context.ports;
  const common = { url: "/v1/session", tag: "session" } as const;
  const describe = (principal: Principal) => {
    const { id, name, roles } = principal;
    const endsMilliseconds = access.sessions.endOf(principal);
    return { principal: id, name, roles, permissions: permissionsOf(roles), endsMilliseconds };
  };
  const answer = (reply: FastifyReply, principal: Principal | null): FastifyReply =>
    reply
      .header("cache-control", "no-store")
      .send({ session: principal === null ? null : describe(principal) });

  addRoute(app, context, {
    ...common,
    method: "POST",
    permission: "session.open",
    summary: "Signs a browser in with a token",
    description:
      "The session is an HttpOnly, SameSite=Strict cookie, Secure under TLS. It ends after 8 hours, after 30 minutes without use, with the token, with the service, or by DELETE. Only for pages of this service, by Origin. After five wrong tokens in a row from an address each further one has to wait.",
    body: BODY,
    success: {
      status: 201,
      description: "Who came in.",
      content: { "application/json": SESSION },
      headers: { "Set-Cookie": Type.String() },
    },
    handler(request, reply) {
      const { token } = request.body as Static<typeof BODY>;
      const opened = access.sessions.open(token, request.raw.socket.remoteAddress ?? "local");
      if (!opened.ok) return context.refuse(request, reply, opened);
      const cookie = sessionCookie(opened.secret, opened.seconds, isSecure(request));
      return answer(reply.code(201).header("set-cookie", cookie), opened.principal);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    permission: "session.open",
    summary: "Who asks, and what that principal may do; null for nobody, which is no refusal",
    success: {
      status: 200,
      description: "Who it is.",
      content: { "application/json": SESSION_OR_NONE },
    },
    handler: ({ headers, raw }, reply) => answer(reply, access.authenticate(headers, raw.socket)),
  });

  addRoute(app, context, {
    ...common,
    method: "DELETE",
    permission: "session.close",
    summary: "Signs out: the session and all that it has open end",
    success: { status: 204, description: "It has ended." },
    handler(request, reply) {
      access.sessions.close(principalOf(request));
      return reply
        .code(204)
        .header("set-cookie", noSessionCookie(isSecure(request)))
        .send();
    },
  });
}
