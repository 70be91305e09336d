import { refuse, type Refusal } from "../port/errors.ts";

const CACHED_HEADERS = 64;
const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/;

/** `Host` without its port, in lower case; null for anything else. */
function hostName(header: string): string | null {
  return HOST.exec(header)?.[1]?.toLowerCase() ?? null;
}

/** The names under which a listener on loopback may be called. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

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

  /** @param header Origin: browsers send it, programs do not */
  checkOrigin(header: string | undefined): Refusal | null {
    if (header === undefined || this.#origins.has(header.toLowerCase())) return null;
    return refuse("forbidden", "A page of this Origin may not open a WebSocket here.", {
      remedy: "Add it to `allowedOrigins` if that page is yours.",
    });
  }
}
