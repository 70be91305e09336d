import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { refuse, type Refusal } from "../port/errors.ts";

const CACHED_HEADERS = 64;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/;

/** `Host` without its port, in lower case; null for anything else. */
function hostName(header: string): string | null {
  return HOST.exec(header)?.[1]?.toLowerCase() ?? null;
}

/** The names under which a listener on loopback may be called. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

function isOwn(origin: string, host: string | undefined): boolean {
  const [page, own] = [origin.toLowerCase(), host?.toLowerCase()];
  return page === `http://${own}` || page === `https://${own}`;
}

const FOREIGN_PAGE = refuse("forbidden", "A page of this Origin may ask nothing here.", {
  remedy: "Add it to `allowedOrigins` if that page is yours.",
});

/** Holds that a request means this service: against DNS rebinding, and foreign web pages. */
export class Hosts {
  readonly #names: ReadonlySet<string> | null;
  readonly #origins: ReadonlySet<string>;
  /** Headers that were found good, so that the usual request costs one look-up. */
  readonly #good = new Set<string>();

  /** @param names null takes any host */
  constructor(names: readonly string[] | null, origins: readonly string[]) {
    this.#names = names ? new Set(names.map((name) => name.toLowerCase())) : null;
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  /** @param header Host; absent in HTTP/1.0 */
  checkHost(header: string | undefined): Refusal | null {
    if (header !== undefined && this.#good.has(header)) return null;
    if (this.#names === null) return null;
    const name = header === undefined ? null : hostName(header);
    if (header === undefined || name === null || !this.#names.has(name))
      return refuse("forbidden", "The Host header names another host than this service.", {
        remedy: "Use the address the service listens on, or add the name to `allowedHosts`.",
      });
    if (this.#good.size < CACHED_HEADERS) this.#good.add(header);
    return null;
  }

  /**
   * Whether a foreign web page asks: a browser sends its user's client certificate along whoever the
   * page belongs to. Browsers say so in Origin, or where they leave that out (a GET for an image, say)
   * in Sec-Fetch-Site; programs send neither. Our own pages are those of the host that is asked for.
   */
  checkPage({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): Refusal | null {
    if (origin === undefined)
      return site === "cross-site" || site === "same-site" ? FOREIGN_PAGE : null;
    const page = origin.toLowerCase();
    if (this.#origins.has(page)) return null;
    return isOwn(page, host) ? null : FOREIGN_PAGE;
  }

  /**
   * For whoever comes in by a session's cookie, which the browser sends by itself: only our own pages
   * may ask, those of `allowedOrigins` not, and what changes something or opens a WebSocket (where no
   * other rule of browsers holds) must say where it comes from. The cookie's SameSite=Strict does not
   * see a page of another port of the same host.
   */
  checkOwnPage({ headers, method }: Pick<IncomingMessage, "headers" | "method">): Refusal | null {
    const { origin, host, upgrade, "sec-fetch-site": site } = headers;
    if (origin === undefined) {
      const reads = (method === "GET" || method === "HEAD") && upgrade === undefined;
      const own = site === undefined || site === "same-origin" || site === "none";
      return reads && own ? null : FOREIGN_PAGE;
    }
    return isOwn(origin, host) ? null : FOREIGN_PAGE;
  }
}
