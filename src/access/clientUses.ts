import type { ClientUse, Principal } from "../port/principal.ts";

/** Told one by one; each is five series, and a scrape has to stay short whatever asks. */
const CLIENTS_TOLD = 100;

type Counted = { -readonly [K in keyof ClientUse]: ClientUse[K] };

const counted = (client: string | null): Counted => ({
  client,
  quota: null,
  requests: 0,
  bytes: 0,
  refusedRequests: 0,
  refusedBytes: 0,
});

/**
 * What each client took. The first hundred that ask are told by their id, for as long as the service
 * lives; all others as one. A set that changed with the load would tear every counter's rate.
 */
export class ClientUses {
  readonly #told: Counted[] = [];
  readonly #others = counted(null);

  /** Where to count a principal that was not seen before. */
  open({ id }: Principal): Counted {
    if (this.#told.length >= CLIENTS_TOLD) return this.#others;
    const use = counted(id);
    this.#told.push(use);
    return use;
  }

  /** The others last, even while there are none: a counter that begins at 0 has a rate. */
  all(): readonly ClientUse[] {
    return [...this.#told, this.#others];
  }
}
