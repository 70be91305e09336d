import type { ClientFigures } from "../port/live.ts";

type Line = { -readonly [Name in keyof Omit<ClientFigures, "name">]: ClientFigures[Name] };

/** The one that drew longest ago goes first. */
const KEPT = 256;

/**
 * What each principal drew since the start. Told of what was kept, once a second, so it costs no
 * request anything.
 */
export class ClientTally {
  readonly #lines = new Map<string, Line>();
  readonly #nameOf: (principal: string) => string | null;

  constructor(nameOf: (principal: string) => string | null) {
    this.#nameOf = nameOf;
  }

  add(principal: string, requests: number, bytes: number, atMilliseconds: number): void {
    const line = this.#lines.get(principal) ?? {
      principal,
      requests: 0,
      bytes: 0,
      lastMilliseconds: atMilliseconds,
    };
    line.requests += requests;
    line.bytes += bytes;
    line.lastMilliseconds = atMilliseconds;
    // Anew, so that the map is in the order in which they drew last.
    this.#lines.delete(principal);
    this.#lines.set(principal, line);
    if (this.#lines.size <= KEPT) return;
    for (const oldest of this.#lines.keys()) {
      this.#lines.delete(oldest);
      return;
    }
  }

  /** The last that drew first. */
  list(): readonly ClientFigures[] {
    return [...this.#lines.values()]
      .toReversed()
      .map((line) => ({ ...line, name: this.#nameOf(line.principal) }));
  }
}
