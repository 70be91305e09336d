import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { CERTIFICATE_PURPOSES } from "../key/certificate/certificate.ts";
import { COMMON_NAME_CHARACTERS } from "../key/certificate/names.ts";
import { REVOCATION_REASONS, type RevocationReason } from "../key/certificate/revocation.ts";
import type { Context } from "./context.ts";
import { askerOf, KEY_ID, STRICT, VERSION } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { choice, nullable } from "./schemas.ts";

const CRL = "application/pkix-crl";
const OCSP_REQUEST = "application/ocsp-request";
const OCSP_RESPONSE = "application/ocsp-response";
/** One certificate asked after, with every extension that clients send: some 100 bytes. */
const OCSP_BYTES = 4096;
const CERTIFICATE_BODY_BYTES = 16_384;
const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];

const SERIAL = Type.String({ pattern: "^[0-9a-f]{32}$", description: "Serial number, in hex." });
const PARAMS = Type.Object({ id: SERIAL }, STRICT);
/** Printable, without what X.509's and OpenSSL's text forms give a meaning to. */
const COMMON_NAME = Type.String({
  minLength: 1,
  maxLength: COMMON_NAME_CHARACTERS,
  pattern: '^[^\\u0000-\\u001f\\u007f,+="\\\\<>;/#]+$',
});
const HOST = Type.String({
  maxLength: 253,
  pattern: "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
});

const AUTHORITY = Type.Object(
  {
    name: COMMON_NAME,
    url: Type.Optional(
      Type.String({
        maxLength: 200,
        pattern: "^https?://[a-zA-Z0-9.:\\[\\]-]+$",
        description: "Where clients reach this service: certificates name it for CRL and OCSP.",
      }),
    ),
  },
  STRICT,
);
const ORDER = Type.Object(
  {
    subject: COMMON_NAME,
    purpose: choice(CERTIFICATE_PURPOSES),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 397, default: 90 })),
    hosts: Type.Optional(Type.Array(HOST, { minItems: 1, maxItems: 32, uniqueItems: true })),
    request: Type.Optional(
      Type.String({ minLength: 1, maxLength: 8192, description: "PKCS#10 in PEM." }),
    ),
    key: Type.Optional(KEY_ID.properties.id),
    version: VERSION,
  },
  STRICT,
);
const REVOKE = Type.Object({ reason: choice(REASONS) }, STRICT);
const LIST = Type.Object(
  {
    after: Type.Optional(SERIAL),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })),
  },
  STRICT,
);
const CERTIFICATE = Type.Object({
  serial: Type.String(),
  authority: Type.String(),
  name: Type.String(),
  purpose: choice([...CERTIFICATE_PURPOSES, "authority"]),
  key: nullable(Type.String()),
  version: nullable(Type.Integer()),
  fromMilliseconds: Type.Number(),
  toMilliseconds: Type.Number(),
  url: nullable(Type.String()),
  pem: Type.String(),
  revoked: nullable(
    Type.Object({ reason: choice(REASONS), atMilliseconds: Type.Number() }, STRICT),
  ),
});

/** A small authority, and what tells whether its certificates still stand. */
export function addCertificates(app: FastifyInstance, context: Context): void {
  const { certificates } = context.ports;
  const made = {
    status: 201,
    description: "The certificate.",
    content: { "application/json": CERTIFICATE },
  } as const;
  const shown = { ...made, status: 200 } as const;
  const common = { tag: "certificates", errors: [409, 503] } as const;

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/certificates/authority",
    permission: "certificates.issue",
    summary: "Makes the authority, or its successor: a new key, signed by itself",
    description:
      "Its key is a managed P-256 key in the vault. A successor does not answer for certificates of the one before.",
    body: AUTHORITY,
    success: made,
    async handler(request, reply) {
      const { name, url = null } = request.body as Static<typeof AUTHORITY>;
      const asker = askerOf(request, ["admin"]);
      const issued = await context.durable(certificates.establish({ name, url }, asker));
      if ("ok" in issued) return context.refuse(request, reply, issued);
      return reply.code(201).header("cache-control", "no-store").send(issued);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/certificates/authority",
    permission: "probe.read",
    summary: "The authority's certificate",
    success: shown,
    async handler(request, reply) {
      const found = await context.durable(certificates.certificate());
      return "ok" in found ? context.refuse(request, reply, found) : reply.send(found);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/certificates",
    permission: "certificates.issue",
    summary: "A certificate over a PKCS#10 request, or over a managed key",
    description:
      "Of a request the public key is taken, if its own key signed it, and nothing else. One over a managed key follows that key's state.",
    body: ORDER,
    bodyLimitBytes: CERTIFICATE_BODY_BYTES,
    success: made,
    async handler(request, reply) {
      const order = request.body as Static<typeof ORDER>;
      const { subject, days = 90, hosts = [], key = null, version = null } = order;
      const issued = await context.durable(
        certificates.issue(
          {
            subject,
            purpose: order.purpose,
            days,
            hosts,
            request: order.request ?? null,
            key,
            version,
          },
          askerOf(request, ["admin"]),
        ),
      );
      if ("ok" in issued) return context.refuse(request, reply, issued);
      return reply.code(201).header("cache-control", "no-store").send(issued);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/certificates",
    permission: "certificates.read",
    summary: "Certificates that were issued, by serial number",
    query: LIST,
    success: {
      status: 200,
      description: "A page; `next` is null on the last.",
      content: {
        "application/json": Type.Object({
          certificates: Type.Array(CERTIFICATE),
          next: nullable(Type.String()),
        }),
      },
    },
    async handler(request, reply) {
      const { after = "", limit = 100 } = request.query as Static<typeof LIST>;
      const page = await context.durable(certificates.list(after, limit));
      const next = page.length === limit ? (page.at(-1)?.serial ?? null) : null;
      return reply.header("cache-control", "no-store").send({ certificates: page, next });
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/certificates/:id",
    permission: "certificates.read",
    summary: "A certificate, and whether it is revoked",
    params: PARAMS,
    success: shown,
    async handler(request, reply) {
      const { id } = request.params as Static<typeof PARAMS>;
      const found = await context.durable(certificates.get(id));
      if ("ok" in found) return context.refuse(request, reply, found);
      return reply.header("cache-control", "no-store").send(found);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/certificates/:id/revoke",
    permission: "certificates.revoke",
    summary: "Revokes a certificate, for good",
    params: PARAMS,
    body: REVOKE,
    success: shown,
    async handler(request, reply) {
      const { id } = request.params as Static<typeof PARAMS>;
      const { reason } = request.body as { readonly reason: RevocationReason };
      const revoked = await context.durable(
        certificates.revoke(id, reason, askerOf(request, ["admin"])),
      );
      if ("ok" in revoked) return context.refuse(request, reply, revoked);
      return reply.header("cache-control", "no-store").send(revoked);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/certificates/crl",
    permission: "probe.read",
    summary: "The authority's CRL, in DER (RFC 5280)",
    produces: [CRL],
    success: { status: 200, description: "The CRL.", content: { [CRL]: Type.String() } },
    async handler(request, reply) {
      const list = await context.durable(certificates.revocationList());
      if ("ok" in list) return context.refuse(request, reply, list);
      return reply.type(CRL).send(Buffer.from(list));
    },
  });
}

/** RFC 6960 A.1 over POST; in a scope of its own, because nothing else takes such bodies. */
export function addOcsp(app: FastifyInstance, context: Context): void {
  const { certificates } = context.ports;
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser(
    OCSP_REQUEST,
    { parseAs: "buffer", bodyLimit: OCSP_BYTES },
    (_request, body, done) => done(null, body),
  );
  addRoute(app, context, {
    method: "POST",
    url: "/v1/certificates/ocsp",
    permission: "probe.read",
    tag: "certificates",
    summary: "OCSP (RFC 6960, in the profile of RFC 5019), in DER",
    description:
      "`application/ocsp-request` goes in. Answers are signed ahead; a nonce (RFC 9654) gets one of its own, as long as not too many ask.",
    bodyLimitBytes: OCSP_BYTES,
    produces: [OCSP_RESPONSE],
    success: {
      status: 200,
      description: "The response; of a certificate that was never issued, an unsigned one.",
      content: { [OCSP_RESPONSE]: Type.String() },
    },
    errors: [409, 413, 415, 503],
    async handler(request, reply) {
      const asked = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const answer = await context.durable(certificates.ocsp(asked));
      if ("ok" in answer) return context.refuse(request, reply, answer);
      return reply.type(OCSP_RESPONSE).send(Buffer.from(answer));
    },
  });
}
