/**
 * The cookie of a browser's session. Under TLS its name begins with `__Host-` (RFC 6265bis 4.1.3.2),
 * so that no other host and no page without TLS can set it.
 */
const SECURE_NAME = "__Host-springhouse";
const PLAIN_NAME = "springhouse";
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** No script reads it, no other site sends it, and it ends with the browser or the session. */
const ATTRIBUTES = "Path=/; HttpOnly; SameSite=Strict";

/** @param secure the browser speaks TLS, to us or to what stands before us */
export function sessionCookie(secret: string, seconds: number, secure: boolean): string {
  const name = secure ? SECURE_NAME : PLAIN_NAME;
  return `${name}=${secret}; ${ATTRIBUTES}; Max-Age=${seconds}${secure ? "; Secure" : ""}`;
}

/** Takes both away, whichever there was. */
export function noSessionCookie(secure: boolean): string[] {
  return secure
    ? [sessionCookie("", 0, true), sessionCookie("", 0, false)]
    : [sessionCookie("", 0, false)];
}

/** `secret` is null where a cookie of ours is no secret, or where there are several. */
type Read =
  | { readonly isThere: false }
  | { readonly isThere: true; readonly secret: string | null };

const NOT_THERE: Read = { isThere: false };

/** What a Cookie header has of ours. Of several, another page on this host may have set one (RFC 6265 8.6). */
export function readSessionCookie(header: string | undefined): Read {
  if (header === undefined) return NOT_THERE;
  const found: Record<"secure" | "plain", string[]> = { secure: [], plain: [] };
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals).trim();
    const kind = name === SECURE_NAME ? "secure" : name === PLAIN_NAME ? "plain" : null;
    if (equals > 0 && kind !== null) found[kind].push(pair.slice(equals + 1).trim());
  }
  const values = found.secure.length > 0 ? found.secure : found.plain;
  const [value] = values;
  if (value === undefined) return NOT_THERE;
  return { isThere: true, secret: values.length === 1 && SECRET.test(value) ? value : null };
}
