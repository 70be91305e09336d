import type { Clock } from "../port/clock.ts";
import type { Principal, Quota } from "../port/principal.ts";

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

interface Buckets {
  readonly quota: Quota;
  readonly requests: Bucket | null;
  readonly bytes: Bucket | null;
}

/**
 * What each principal has used of its quota. Kept by id, so that two connections of one principal
 * share it; made anew when its quota changed. Principals are configured or issued, so the map is
 * bounded by them.
 */
export class Quotas {
  readonly #clock: Clock;
  readonly #byPrincipal = new Map<string, Buckets>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns 0 when the request was admitted and counted, else milliseconds to wait */
  admitRequest(principal: Principal): number {
    const bucket = this.#bucketsOf(principal)?.requests;
    return bucket ? this.#admit(bucket, 1) : 0;
  }

  /**
   * Counts the rest of a request that is worth several, into debt if need be: it was admitted, and
   * what is larger than the bucket could otherwise never be asked for.
   */
  chargeRequests(principal: Principal, count: number): void {
    this.#bucketsOf(principal)?.requests?.take(count, this.#clock.monotonicMilliseconds());
  }

  /** @returns 0 when the bytes were admitted and counted, else milliseconds to wait */
  admitBytes(principal: Principal, bytes: number): number {
    const bucket = this.#bucketsOf(principal)?.bytes;
    return bucket ? this.#admit(bucket, bytes) : 0;
  }

  /**
   * Counts bytes that are being sent, 0 to look at the debt alone.
   * @returns milliseconds for the sender to pause before more
   */
  paceBytes(principal: Principal, bytes: number): number {
    const bucket = this.#bucketsOf(principal)?.bytes;
    if (!bucket) return 0;
    const now = this.#clock.monotonicMilliseconds();
    bucket.take(bytes, now);
    return bucket.wait(0, now);
  }

  #admit(bucket: Bucket, amount: number): number {
    const now = this.#clock.monotonicMilliseconds();
    const wait = bucket.wait(amount, now);
    if (wait === 0) bucket.take(amount, now);
    return wait;
  }

  #bucketsOf(principal: Principal): Buckets | null {
    const { quota } = principal;
    if (quota.requestsPerSecond === null && quota.bytesPerSecond === null) return null;
    let buckets = this.#byPrincipal.get(principal.id);
    // By value: a configuration that is read again makes new objects, and must not forgive a debt.
    if (!buckets || !isSame(buckets.quota, quota)) {
      const now = this.#clock.monotonicMilliseconds();
      const bucket = (rate: number | null): Bucket | null =>
        rate === null ? null : new Bucket(rate, now);
      buckets = {
        quota,
        requests: bucket(quota.requestsPerSecond),
        bytes: bucket(quota.bytesPerSecond),
      };
      this.#byPrincipal.set(principal.id, buckets);
    }
    return buckets;
  }
}
