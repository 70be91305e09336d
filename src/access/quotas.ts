import type { Clock } from "../port/clock.ts";
import type { ClientUse, Principal, Quota } from "../port/principal.ts";
import { ClientUses } from "./clientUses.ts";

/** A token bucket that holds one second's worth and may go into debt. */
export class Bucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  #level: number;
  #atMilliseconds: number;

  /** @param perSecond greater than 0; a rate below one a second still holds one */
  constructor(perSecond: number, nowMilliseconds: number) {
    if (!(perSecond > 0)) throw new RangeError("a quota is greater than 0");
    this.#perSecond = perSecond;
    this.#capacity = Math.max(1, perSecond);
    this.#level = this.#capacity;
    this.#atMilliseconds = nowMilliseconds;
  }

  /**
   * Milliseconds until `amount` can be taken; 0 is now. What is larger than the whole bucket can be
   * taken when the bucket is full: it would wait for ever otherwise.
   */
  wait(amount: number, nowMilliseconds: number): number {
    this.#refill(nowMilliseconds);
    const missing = Math.min(amount, this.#capacity) - this.#level;
    // A full refill may end a rounding error short of a whole unit.
    return missing > 1e-6 ? (missing / this.#perSecond) * 1000 : 0;
  }

  /** Takes it, into debt if need be. */
  take(amount: number, nowMilliseconds: number): void {
    this.#refill(nowMilliseconds);
    this.#level -= amount;
  }

  #refill(nowMilliseconds: number): void {
    const passed = nowMilliseconds - this.#atMilliseconds;
    if (passed <= 0) return;
    this.#atMilliseconds = nowMilliseconds;
    this.#level = Math.min(this.#capacity, this.#level + (passed / 1000) * this.#perSecond);
  }
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

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns 0 when the request was admitted and counted, else milliseconds to wait */
  admitRequest(principal: Principal): number {
    const { requests, use } = this.#accountOf(principal);
    const wait = requests ? this.#admit(requests, 1) : 0;
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
    const wait = account.bytes ? this.#admit(account.bytes, bytes) : 0;
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

  /** For the metrics; the last one is of all clients that are not told by name. */
  uses(): readonly ClientUse[] {
    return this.#uses.all();
  }

  #admit(bucket: Bucket, amount: number): number {
    const now = this.#clock.monotonicMilliseconds();
    const wait = bucket.wait(amount, now);
    if (wait === 0) bucket.take(amount, now);
    return wait;
  }

  #accountOf(principal: Principal): Account {
    const { id, quota } = principal;
    const known = this.#accounts.get(id);
    // By value: a configuration that is read again makes new objects, and must not forgive a debt.
    if (known && isSame(known.quota, quota)) return known;
    const now = this.#clock.monotonicMilliseconds();
    const bucket = (rate: number | null): Bucket | null =>
      rate === null ? null : new Bucket(rate, now);
    const use = known?.use ?? this.#uses.open(principal);
    if (use.client !== null) use.quota = quota;
    const account = {
      quota,
      requests: bucket(quota.requestsPerSecond),
      bytes: bucket(quota.bytesPerSecond),
      use,
    };
    this.#accounts.set(id, account);
    return account;
  }
}
