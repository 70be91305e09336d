import type { IncomingHttpHeaders } from "node:http";
import { DEFAULT_BYTES, MAXIMUM_BYTES } from "../randomBytes.ts";

/** A request for nothing but bytes, as octets. */
export interface HotHead {
  readonly bytes: number;
  readonly headers: IncomingHttpHeaders;
}

/** The head of a request with a body of JSON. */
export interface HotPostHead {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly headBytes: number;
  readonly bodyBytes: number;
}

export const HOT_ROUTE = "/v1/random";
const QUERY = "/v1/random?bytes=";
const GET = "GET ";
const POST = "POST ";
const VERSION = " HTTP/1.1";
const LINE_END = "\r\n";
const HEAD_END = Buffer.from("\r\n\r\n");
/** Longer ones are node's to read, or to refuse: its own limit is 16 KiB. */
const MAXIMUM_HEAD_BYTES = 2048;
const OCTET_STREAM = "application/octet-stream";
const JSON_TYPE = "application/json";

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
const UNDERSTOOD_WITH_BODY: ReadonlySet<string> = new Set([
  ...UNDERSTOOD,
  "content-length",
  "content-type",
]);

/** RFC 9110 5.1 and 5.5, without obs-text and inner tabs, which are node's to judge. */
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;

/** Of a body that is there; larger ones have their own reader. */
const LENGTH = /^[1-9][0-9]{0,5}$/;

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
  if (received.indexOf(HEAD_END) !== end) return null;
  const read = readHead(received, end, GET, UNDERSTOOD);
  const bytes = read === null ? null : plainBytes(read.url);
  if (read === null || bytes === null || !accepts(read.headers, OCTET_STREAM)) return null;
  return { bytes, headers: read.headers };
}

/**
 * The same of a request with a body of JSON, of which something may have come behind the head.
 * @returns null for anything else
 */
export function readHotPost(received: Buffer): HotPostHead | null {
  const end = received.indexOf(HEAD_END);
  const read = end < 0 ? null : readHead(received, end, POST, UNDERSTOOD_WITH_BODY);
  if (read === null || !accepts(read.headers, JSON_TYPE)) return null;
  const { "content-type": type, "content-length": length } = read.headers;
  if (type !== JSON_TYPE || length === undefined || !LENGTH.test(length)) return null;
  return { ...read, headBytes: end + HEAD_END.length, bodyBytes: Number(length) };
}

function readHead(
  received: Buffer,
  end: number,
  method: string,
  understood: ReadonlySet<string>,
): { readonly url: string; readonly headers: IncomingHttpHeaders } | null {
  if (end + HEAD_END.length > MAXIMUM_HEAD_BYTES) return null;
  const [first = "", ...fields] = received.toString("latin1", 0, end).split(LINE_END);
  if (!first.startsWith(method) || !first.endsWith(VERSION)) return null;
  const headers = readFields(fields, understood);
  return headers === null ? null : { url: first.slice(method.length, -VERSION.length), headers };
}

function readFields(
  fields: readonly string[],
  understood: ReadonlySet<string>,
): IncomingHttpHeaders | null {
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const match = FIELD.exec(field);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || !understood.has(name) || name in headers) return null;
    headers[name] = match![2]!;
  }
  const { host, connection } = headers;
  if (host === undefined || headers["authorization"] === undefined) return null;
  return connection === undefined || connection.toLowerCase() === "keep-alive" ? headers : null;
}

const accepts = ({ accept }: IncomingHttpHeaders, type: string): boolean =>
  accept === undefined || accept === "*/*" || accept === type;
