import type { IncomingHttpHeaders } from "node:http";
import { DEFAULT_BYTES, MAXIMUM_BYTES } from "../randomBytes.ts";

/** A request for nothing but bytes, as octets. */
export interface HotHead {
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
}

export const HOT_ROUTE = "/v1/random";
const QUERY = "/v1/random?bytes=";
const BEGIN = "GET ";
const VERSION = " HTTP/1.1";
const LINE_END = "\r\n";
const HEAD_END = Buffer.from("\r\n\r\n");
/** Longer ones are node's to read, or to refuse: its own limit is 16 KiB. */
const MAXIMUM_HEAD_BYTES = 2048;
const OCTET_STREAM = "application/octet-stream";

/**
 * What a plain program or browser sends with a GET. A name that is not here may mean anything (a body,
 * an upgrade, an expectation, another form of the answer), so its request is left to the framework.
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "connection",
  "host",
  "origin",
  "pragma",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "traceparent",
  "tracestate",
  "user-agent",
]);

/** RFC 9110 5.1 and 5.5, without obs-text and inner tabs, which are node's to judge. */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;

/** How many bytes a request for nothing but bytes asks for; null for any other. */
export function plainBytes(url: string): number | null {
  if (url === HOT_ROUTE) return DEFAULT_BYTES;
  if (!url.startsWith(QUERY)) return null;
  let bytes = 0;
  for (let at = QUERY.length; at < url.length; at++) {
    const digit = url.charCodeAt(at) - 0x30;
    // A zero in front is refused by the framework.
    if (digit < (bytes === 0 ? 1 : 0) || digit > 9 || bytes > MAXIMUM_BYTES) return null;
    bytes = 10 * bytes + digit;
  }
  return bytes >= 1 && bytes <= MAXIMUM_BYTES ? bytes : null;
}

/**
 * Reads what came on a connection as one whole head of the hot route, with nothing before or behind it.
 * Whatever it does not understand to the last byte it does not read at all: two readers of one head
 * would be one too many.
 * @returns null for anything else
 */
export function readHotHead(received: Buffer): HotHead | null {
  const end = received.length - HEAD_END.length;
  if (received.length > MAXIMUM_HEAD_BYTES || received.indexOf(HEAD_END) !== end) return null;
  const [first = "", ...fields] = received.toString("latin1", 0, end).split(LINE_END);
  if (!first.startsWith(BEGIN) || !first.endsWith(VERSION)) return null;
  const bytes = plainBytes(first.slice(BEGIN.length, -VERSION.length));
  const headers = bytes === null ? null : readFields(fields);
  return bytes === null || headers === null ? null : { bytes, headers };
}

function readFields(fields: readonly string[]): IncomingHttpHeaders | null {
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const match = FIELD.exec(field);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || !UNDERSTOOD.has(name) || name in headers) return null;
    headers[name] = match![2]!;
  }
  const { host, accept, connection } = headers;
  if (host === undefined || headers["authorization"] === undefined) return null;
  if (accept !== undefined && accept !== "*/*" && accept !== OCTET_STREAM) return null;
  return connection === undefined || connection.toLowerCase() === "keep-alive" ? headers : null;
}
