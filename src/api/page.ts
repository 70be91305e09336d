import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { refuse } from "../port/errors.ts";
import type { Context } from "./context.ts";
import { addRoute } from "./route.ts";

/** A file of the console's page, as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
  /** Strong, of the text. */
  readonly etag: string;
}

/** The console's page; `console/` has it. */
export interface Page {
  /** The name as in a URL; the page itself is `index.html`. Undefined: there is no such file. */
  find(name: string): PageFile | undefined;
}

const NAME = Type.Object(
  { name: Type.String({ pattern: "^[a-zA-Z]{1,40}\\.[a-z]{2,4}$" }) },
  { additionalProperties: false },
);

/**
 * Nothing but our own files, and no script or style that stands in the page: what an answer smuggles
 * into the page does not run. `frame-ancestors`: no other page lays itself over the buttons.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export const PAGE_HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), usb=(), serial=()",
  // Asked for anew each time, and mostly answered with 304: a page of another version would not fit.
  "cache-control": "no-cache",
} as const;

/** The console at `/`. */
export function addPage(app: FastifyInstance, context: Context): void {
  const { page } = context.ports;
  const common = { permission: "console.read", tag: "console", produces: null } as const;
  const send = (request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply => {
    const file = page.find(name);
    if (!file) return context.refuse(request, reply, refuse("not_found", "There is no such file."));
    void reply.headers({ ...PAGE_HEADERS, etag: file.etag });
    if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
    return reply.header("content-type", file.type).send(file.text);
  };

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/",
    summary: "The console, for a browser",
    success: { status: 200, description: "A page.", content: { "text/html": Type.String() } },
    handler: (request, reply) => send(request, reply, "index.html"),
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/console/:name",
    summary: "What the console's page is made of",
    params: NAME,
    success: {
      status: 200,
      description: "A module, a style or a picture.",
      content: { "text/javascript": Type.String(), "text/css": Type.String() },
    },
    handler: (request, reply) => send(request, reply, (request.params as Static<typeof NAME>).name),
  });
}
