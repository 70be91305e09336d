import type { IncomingHttpHeaders } from "node:http";
import { refuse, type Refusal } from "../port/errors.ts";

const CACHED_HEADERS = 64;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/;

/** `Host` without its port, in lower case; null for anything else. */
function hostName(header: string): string | null {
  return HOST.exec(header)?.[1]?.toLowerCase() ?? null;
}

/** The names under which a listener on loopback may be called. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

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
    const own = host?.toLowerCase();
    return page === `http://${own}` || page === `https://${own}` ? null : FOREIGN_PAGE;
  }
}
