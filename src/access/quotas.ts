import type { Clock } from "../port/clock.ts";
import type { ClientUse, Principal, Quota } from "../port/principal.ts";
import { ClientUses } from "./clientUses.ts";

/** Two for each principal that has a quota; those of more are not shared. */
const SHARED_CELLS = 65_536;
const NANOSECONDS = 1e6;

/** Where buckets are, in memory that other threads see. */
export class BucketCells {
  readonly shared: SharedArrayBuffer;
  readonly cells: BigInt64Array<SharedArrayBuffer>;
  #taken = 0;

  constructor(shared = new SharedArrayBuffer(8 * SHARED_CELLS)) {
    this.shared = shared;
    this.cells = new BigInt64Array(shared);
  }

  /** The next that is free; -1 when there is none. */
  take(): number {
    return this.#taken < SHARED_CELLS ? this.#taken++ : -1;
  }
}

/**
 * A token bucket that holds one second's worth and may go into debt. What it knows is the time at which
 * it will be full again, so that one number is all of it, which threads change without a lock.
 */
export class Bucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #cells: BigInt64Array;
  readonly #at: number;

  /**
   * @param perSecond greater than 0; a rate below one a second still holds one
   * @param nowMilliseconds the bucket is made full; null: it was made elsewhere
   */
  constructor(
    perSecond: number,
    nowMilliseconds: number | null,
    cells: BigInt64Array = new BigInt64Array(1),
    at = 0,
  ) {
    if (!(perSecond > 0)) throw new RangeError("a quota is greater than 0");
    this.#perSecond = perSecond;
    this.#capacity = Math.max(1, perSecond);
    this.#cells = cells;
    this.#at = at;
    if (nowMilliseconds !== null) Atomics.store(cells, at, nanosecondsOf(nowMilliseconds));
  }

  /**
   * Milliseconds until `amount` can be taken; 0 is now. What is larger than the whole bucket can be
   * taken when the bucket is full: it would wait for ever otherwise.
   */
  wait(amount: number, nowMilliseconds: number): number {
    return this.#waitAt(Atomics.load(this.#cells, this.#at), amount, nowMilliseconds);
  }

  /**
   * Takes it where it is there, with no other thread in between.
   * @returns 0, else milliseconds to wait
   */
  admit(amount: number, nowMilliseconds: number): number {
    for (;;) {
      const full = Atomics.load(this.#cells, this.#at);
      const wait = this.#waitAt(full, amount, nowMilliseconds);
      if (wait > 0 || this.#takeAt(full, amount, nowMilliseconds)) return wait;
    }
  }

  /** Takes it, into debt if need be. */
  take(amount: number, nowMilliseconds: number): void {
    while (!this.#takeAt(Atomics.load(this.#cells, this.#at), amount, nowMilliseconds));
  }

  /** What was taken and not used. */
  giveBack(amount: number): void {
    Atomics.sub(this.#cells, this.#at, this.#nanosecondsFor(amount));
  }

  #waitAt(full: bigint, amount: number, nowMilliseconds: number): number {
    const fullMilliseconds = Number(full) / NANOSECONDS;
    const emptySeconds = Math.max(0, fullMilliseconds - nowMilliseconds) / 1000;
    const level = this.#capacity - emptySeconds * this.#perSecond;
    const missing = Math.min(amount, this.#capacity) - level;
    // A full refill may end a rounding error short of a whole unit.
    return missing > 1e-6 ? (missing / this.#perSecond) * 1000 : 0;
  }

  /** False when another thread was faster, and it is no longer full at `full`. */
  #takeAt(full: bigint, amount: number, nowMilliseconds: number): boolean {
    const now = nanosecondsOf(nowMilliseconds);
    const sum = (full > now ? full : now) + this.#nanosecondsFor(amount);
    const next = sum < LONGEST ? sum : LONGEST;
    return Atomics.compareExchange(this.#cells, this.#at, full, next) === full;
  }

  #nanosecondsFor(amount: number): bigint {
    return nanosecondsOf((amount / this.#perSecond) * 1000);
  }
}

/** A tiny quota is in debt for ever, and not for so long that 64 bits run over. */
const LONGEST = 2n ** 62n;

function nanosecondsOf(milliseconds: number): bigint {
  return BigInt(Math.round(Math.min(milliseconds * NANOSECONDS, Number(LONGEST))));
}

const isSame = (one: Quota, other: Quota): boolean =>
  one === other ||
  (one.requestsPerSecond === other.requestsPerSecond &&
    one.bytesPerSecond === other.bytesPerSecond);

interface Account {
  readonly quota: Quota;
  readonly requests: Bucket | null;
  readonly bytes: Bucket | null;
  readonly use: ReturnType<ClientUses["open"]>;
  /** Of the two buckets; null where other threads cannot have them. */
  readonly cells: QuotaCells | null;
}

/** Where a principal's buckets are; -1 for one that is unlimited. */
export type QuotaCells = readonly [requests: number, bytes: number];

export type UsedElsewhere = Omit<ClientUse, "client" | "quota">;

/** Buckets that were made by the thread that has the accounts. */
export function bucketsAt(
  { requestsPerSecond, bytesPerSecond }: Quota,
  [requests, bytes]: QuotaCells,
  cells: BigInt64Array,
): { readonly requests: Bucket | null; readonly bytes: Bucket | null } {
  const bucket = (rate: number | null, at: number): Bucket | null =>
    rate === null ? null : new Bucket(rate, null, cells, at);
  return { requests: bucket(requestsPerSecond, requests), bytes: bucket(bytesPerSecond, bytes) };
}

/**
 * What each principal has used of its quota. Kept by id, so that two connections of one principal
 * share it; its buckets are made anew when its quota changed. Principals are configured or issued, so
 * the map is bounded by them.
 */
export class Quotas {
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();
  readonly #uses = new ClientUses();
  readonly #cells = new BucketCells();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns 0 when the request was admitted and counted, else milliseconds to wait */
  admitRequest(principal: Principal): number {
    const { requests, use } = this.#accountOf(principal);
    const wait = requests?.admit(1, this.#clock.monotonicMilliseconds()) ?? 0;
    if (wait > 0) use.refusedRequests++;
    else use.requests++;
    return wait;
  }

  /**
   * Counts the rest of a request that is worth several, into debt if need be: it was admitted, and
   * what is larger than the bucket could otherwise never be asked for.
   */
  chargeRequests(principal: Principal, count: number): void {
    const { requests, use } = this.#accountOf(principal);
    requests?.take(count, this.#clock.monotonicMilliseconds());
    use.requests += count;
  }

  /** @returns 0 when the bytes were admitted and counted, else milliseconds to wait */
  admitBytes(principal: Principal, bytes: number): number {
    const account = this.#accountOf(principal);
    const wait = account.bytes?.admit(bytes, this.#clock.monotonicMilliseconds()) ?? 0;
    if (wait > 0) account.use.refusedBytes++;
    else account.use.bytes += bytes;
    return wait;
  }

  /**
   * Counts bytes that are being sent, 0 to look at the debt alone.
   * @returns milliseconds for the sender to pause before more
   */
  paceBytes(principal: Principal, bytes: number): number {
    const account = this.#accountOf(principal);
    account.use.bytes += bytes;
    if (!account.bytes) return 0;
    const now = this.#clock.monotonicMilliseconds();
    account.bytes.take(bytes, now);
    return account.bytes.wait(0, now);
  }

  /** The memory in which other threads find the buckets. */
  get shared(): SharedArrayBuffer {
    return this.#cells.shared;
  }

  /** Where its buckets are, for a thread that admits out of them too; null: it cannot. */
  lend(principal: Principal): QuotaCells | null {
    return this.#accountOf(principal).cells;
  }

  /** Counts for the metrics what another thread admitted and refused. */
  used(principal: string, used: UsedElsewhere): void {
    const account = this.#accounts.get(principal);
    if (account === undefined) return;
    const { use } = account;
    use.requests += used.requests;
    use.bytes += used.bytes;
    use.refusedRequests += used.refusedRequests;
    use.refusedBytes += used.refusedBytes;
  }

  /** For the metrics; the last one is of all clients that are not told by name. */
  uses(): readonly ClientUse[] {
    return this.#uses.all();
  }

  #accountOf(principal: Principal): Account {
    const { id, quota } = principal;
    const known = this.#accounts.get(id);
    // By value: a configuration that is read again makes new objects, and must not forgive a debt.
    if (known && isSame(known.quota, quota)) return known;
    const now = this.#clock.monotonicMilliseconds();
    const { requestsPerSecond, bytesPerSecond } = quota;
    const places = [requestsPerSecond, bytesPerSecond].map((rate) =>
      rate === null ? null : this.#cells.take(),
    );
    const bucket = (rate: number | null, at: number | null | undefined): Bucket | null => {
      if (rate === null || at == null) return null;
      return at < 0 ? new Bucket(rate, now) : new Bucket(rate, now, this.#cells.cells, at);
    };
    const use = known?.use ?? this.#uses.open(principal);
    if (use.client !== null) use.quota = quota;
    const account = {
      quota,
      requests: bucket(requestsPerSecond, places[0]),
      bytes: bucket(bytesPerSecond, places[1]),
      use,
      cells: places.includes(-1) ? null : ([places[0] ?? -1, places[1] ?? -1] as const),
    };
    this.#accounts.set(id, account);
    return account;
  }
}
