import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { exportApproved } from "../key/distribution/approvedExport.ts";
import { readRecipient, RECIPIENT_CHARACTERS } from "../key/distribution/recipient.ts";
import type { SealedKey } from "../key/distribution/seal.ts";
import { EXPORT_SCHEMES } from "../port/key.ts";
import type { Context } from "./context.ts";
import { askerOf, BASE64, KEY_ID, STRICT, toText } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { choice } from "./schemas.ts";

const EXPORT = Type.Object(
  {
    scheme: choice(EXPORT_SCHEMES),
    recipient: Type.String({
      minLength: 1,
      maxLength: RECIPIENT_CHARACTERS,
      description: "hpke, jwe: a public key of X25519 or P-256, PEM or JWK. age: a recipient.",
    }),
    intent: Type.String({
      pattern: "^in-[0-9a-f]{16}-[1-9][0-9]{0,15}$",
      description: "An approved one, for this version and this recipient.",
    }),
  },
  STRICT,
);
const RECIPIENT = Type.Object(
  { scheme: EXPORT.properties.scheme, recipient: EXPORT.properties.recipient },
  STRICT,
);

const SEALED = Type.Object({
  scheme: choice(EXPORT_SCHEMES),
  key: Type.String(),
  version: Type.Integer(),
  recipient: Type.String({ description: "Its digest, as in the intent and in the log." }),
  jwe: Type.Optional(Type.String()),
  file: Type.Optional(Type.String({ description: "An age file, armoured." })),
  kem: Type.Optional(Type.Integer()),
  kdf: Type.Optional(Type.Integer()),
  aead: Type.Optional(Type.Integer()),
  enc: Type.Optional(BASE64),
  ciphertext: Type.Optional(BASE64),
  info: Type.Optional(
    Type.String({ description: "KEY|VERSION|RECIPIENT; it opens with no other." }),
  ),
});

/** A key leaves, sealed to somebody's public key. */
export function addKeyExport(app: FastifyInstance, context: Context): void {
  const { managed, approvals } = context.ports;

  addRoute(app, context, {
    method: "POST",
    url: "/v1/keys/recipient",
    permission: "keys.export",
    tag: "keys",
    summary: "The digest of a recipient's public key, which an intent to export names",
    body: RECIPIENT,
    success: {
      status: 200,
      description: "SHA-256: the JWK thumbprint (RFC 7638), or of the age recipient.",
      content: { "application/json": Type.Object({ digest: Type.String() }) },
    },
    async handler(request, reply) {
      const { scheme, recipient } = request.body as Static<typeof RECIPIENT>;
      const read = readRecipient(scheme, recipient);
      if ("ok" in read) return context.refuse(request, reply, read);
      return reply.send({ digest: read.digest });
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/keys/:id/export",
    permission: "keys.export",
    tag: "keys",
    summary: "A version of an exportable key, sealed to a recipient's public key",
    description:
      "It takes an intent that custodians approved, for this version and recipient. What is sealed is the JWK. The leaf is durable before the answer.",
    params: KEY_ID,
    body: EXPORT,
    success: {
      status: 200,
      description: "What the recipient alone opens.",
      content: { "application/json": SEALED },
    },
    errors: [409, 412, 503],
    async handler(request, reply) {
      const { id: key } = request.params as Static<typeof KEY_ID>;
      const body = request.body as Static<typeof EXPORT>;
      const recipient = readRecipient(body.scheme, body.recipient);
      if ("ok" in recipient) return context.refuse(request, reply, recipient);
      const exported = await context.durable(
        exportApproved(
          approvals,
          managed.exporter,
          { key, recipient, intent: body.intent },
          askerOf(request, ["admin"]),
        ),
      );
      if ("ok" in exported) return context.refuse(request, reply, exported);
      const { sealed, ...what } = exported;
      return reply.header("cache-control", "no-store").send({ ...what, ...asText(sealed) });
    },
  });
}

function asText(sealed: SealedKey): object {
  if (sealed.scheme !== "hpke") return sealed;
  return { ...sealed, enc: toText(sealed.enc), ciphertext: toText(sealed.ciphertext) };
}
