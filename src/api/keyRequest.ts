import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { Asker } from "../key/managed/asker.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Principal, Role } from "../port/principal.ts";
import { principalOf } from "./context.ts";
import { LINE } from "./text.ts";

/* What the routes of managed keys share. */

export const STRICT = { additionalProperties: false } as const;
export const KEY_ID = Type.Object(
  { id: Type.String({ pattern: "^k-[0-9a-f]{16}-[1-9][0-9]{0,15}$" }) },
  STRICT,
);
export const REASON = Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: LINE }));
export const VERSION = Type.Optional(
  Type.Integer({ minimum: 1, maximum: 10_000, description: "Default: the primary version." }),
);

/** Base64 (RFC 4648 4) of 1 to so many bytes. */
export const base64 = (maximumBytes: number, description?: string) =>
  Type.Refine(
    Type.String({
      minLength: 4,
      maxLength: Math.ceil(maximumBytes / 3) * 4,
      contentEncoding: "base64",
      ...(description === undefined ? {} : { description }),
    }),
    isBase64,
    () => "must be base64",
  );

/**
 * Whether it is base64 throughout, padded. A regular expression takes ten times as long, on the path of
 * every operation. Node's decoder passes over ASCII that is no base64, so that too little comes out; only
 * the two letters of base64url are as good to it.
 */
export function isBase64(text: string): boolean {
  const isAscii = Buffer.byteLength(text) === text.length;
  if (!isAscii || text.length % 4 !== 0 || text.includes("-") || text.includes("_")) return false;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Buffer.from(text, "base64").length === (text.length / 4) * 3 - padding;
}
/** In answers. */
export const BASE64 = Type.String({ contentEncoding: "base64" });

export const toBytes = (text: string | undefined): Uint8Array => Buffer.from(text ?? "", "base64");
export const toText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

/** @param over roles that may do this with keys of others */
export function askerOf(request: FastifyRequest, over: readonly Role[]): Asker {
  return asAsker(principalOf(request), over);
}

export function asAsker({ id, roles }: Principal, over: readonly Role[]): Asker {
  return { id, anyKey: roles.some((role) => over.includes(role)) };
}

/** RFC 9110 13.1.1: the revision in If-Match; null without one. */
export function expectedRevision({ headers }: FastifyRequest): number | null | Refusal {
  const given = headers["if-match"];
  if (given === undefined) return null;
  const match = /^"([1-9][0-9]{0,14})"$/.exec(given);
  if (match) return Number(match[1]);
  return refuse("invalid_parameter", "If-Match is not one revision in quotation marks.", {
    remedy: 'Send the ETag of `GET /v1/keys/{id}`, for example `If-Match: "3"`.',
  });
}

/** The revision as an ETag: what `If-Match` takes. */
export function withRevision(reply: FastifyReply, revision: number): FastifyReply {
  return reply.header("etag", `"${revision}"`).header("cache-control", "no-store");
}

export const REVISION_HEADERS = {
  ETag: Type.String({ description: "The key's revision, for If-Match." }),
};
