import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bucket, Quotas } from "../../../src/access/quotas.ts";
import type { Principal, Quota } from "../../../src/port/principal.ts";
import { FakeClock } from "../../support/fakeClock.ts";

const principal = (quota: Quota, id = "p"): Principal => ({ id, name: id, roles: [], quota });

describe("a bucket", () => {
  test("holds one second's worth, and not one more", () => {
    const bucket = new Bucket(5, 0);
    for (let n = 0; n < 5; n++) {
      expect(bucket.wait(1, 0)).toBe(0);
      bucket.take(1, 0);
    }
    expect(bucket.wait(1, 0)).toBeCloseTo(200);
    expect(bucket.wait(1, 199)).toBeGreaterThan(0);
    expect(bucket.wait(1, 200)).toBe(0);
    // An hour of rest is still one second's burst.
    for (let n = 0; n < 5; n++) bucket.take(1, 3_600_000);
    expect(bucket.wait(1, 3_600_000)).toBeGreaterThan(0);
  });

  test("admits what is larger than itself when full, and goes into debt for it", () => {
    const bucket = new Bucket(1000, 0);
    expect(bucket.wait(65_536, 0)).toBe(0);
    bucket.take(65_536, 0);
    expect(bucket.wait(1, 0)).toBeCloseTo(64_537);
    expect(bucket.wait(1, 64_536)).toBeGreaterThan(0);
    expect(bucket.wait(1, 64_537)).toBe(0);
    expect(bucket.wait(65_536, 64_537)).toBeGreaterThan(0);
    expect(bucket.wait(65_536, 65_536)).toBe(0);
  });

  test("a clock that stands still or goes back gives nothing", () => {
    const bucket = new Bucket(1, 1000);
    bucket.take(1, 1000);
    expect(bucket.wait(1, 500)).toBeGreaterThanOrEqual(1000);
    expect(bucket.wait(1, 1000)).toBe(1000);
    expect(bucket.wait(1, 1999)).toBeGreaterThan(0);
    expect(bucket.wait(1, 2000)).toBe(0);
  });

  test("over any span admits at most the rate, one burst and one oversized request", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 20_000 }))),
        (rate, calls) => {
          const bucket = new Bucket(rate, 0);
          let now = 0;
          let admitted = 0;
          let largest = 0;
          for (const [pause, amount] of calls) {
            now += pause;
            if (bucket.wait(amount, now) > 0) continue;
            bucket.take(amount, now);
            admitted += amount;
            largest = Math.max(largest, amount);
          }
          expect(admitted).toBeLessThanOrEqual(rate + (rate * now) / 1000 + largest + 1e-3);
        },
      ),
    );
  });

  test("waiting as long as it says is enough", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e9, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (rate, amount) => {
          const bucket = new Bucket(rate, 0);
          bucket.take(amount, 0);
          const wait = bucket.wait(amount, 0);
          expect(bucket.wait(amount, wait)).toBe(0);
        },
      ),
    );
  });
});

describe("quotas", () => {
  test("are one principal's, whatever the connection, and no other's", () => {
    const quotas = new Quotas(new FakeClock());
    const quota = { requestsPerSecond: 1, bytesPerSecond: 100 };
    const [one, other] = [principal(quota, "one"), principal(quota, "other")];
    expect(quotas.admitRequest(one)).toBe(0);
    expect(quotas.admitRequest({ ...one })).toBeGreaterThan(0);
    expect(quotas.admitRequest(other)).toBe(0);
    expect(quotas.admitBytes(one, 100)).toBe(0);
    expect(quotas.admitBytes(one, 1)).toBeGreaterThan(0);
  });

  test("a configuration that is read again forgives no debt; another quota begins anew", () => {
    const quotas = new Quotas(new FakeClock());
    const quota = { requestsPerSecond: null, bytesPerSecond: 100 };
    expect(quotas.admitBytes(principal(quota), 1000)).toBe(0);
    expect(quotas.admitBytes(principal({ ...quota }), 1)).toBeGreaterThan(0);
    expect(quotas.admitBytes(principal({ ...quota, bytesPerSecond: 200 }), 1)).toBe(0);
  });

  test("what each took is counted, limited or not, and survives another quota", () => {
    const quotas = new Quotas(new FakeClock());
    const free = { requestsPerSecond: null, bytesPerSecond: null };
    const tight = { requestsPerSecond: 2, bytesPerSecond: 100 };
    quotas.admitRequest(principal(free, "free"));
    quotas.paceBytes(principal(free, "free"), 64);
    const one = principal(tight, "one");
    for (let n = 0; n < 3; n++) quotas.admitRequest(one);
    quotas.chargeRequests(one, 4);
    quotas.admitBytes(one, 100);
    quotas.admitBytes(one, 100);
    const nothing = { refusedRequests: 0, refusedBytes: 0 };
    const others = { client: null, quota: null, requests: 0, bytes: 0, ...nothing };
    expect(quotas.uses()).toEqual([
      { client: "free", quota: free, requests: 1, bytes: 64, ...nothing },
      { client: "one", quota: tight, requests: 6, bytes: 100, refusedRequests: 1, refusedBytes: 1 },
      others,
    ]);
    quotas.admitRequest(principal(free, "one"));
    expect(quotas.uses()[1]).toMatchObject({ quota: free, requests: 7 });
  });

  test("a hundred clients are told one by one, the rest as one: 1,000 make no scrape longer", () => {
    const quotas = new Quotas(new FakeClock());
    const quota = { requestsPerSecond: 1, bytesPerSecond: 100 };
    for (let n = 0; n < 1000; n++) quotas.admitRequest(principal(quota, `p${n}`));
    // Those who were told first stay so, or their counters would come and go.
    for (let n = 999; n >= 0; n--) quotas.admitBytes(principal(quota, `p${n}`), 10);
    const uses = quotas.uses();
    expect(uses).toHaveLength(101);
    expect(uses[99]).toMatchObject({ client: "p99", quota, requests: 1, bytes: 10 });
    expect(uses[100]).toMatchObject({ client: null, quota: null, requests: 900, bytes: 9000 });
  });

  test("null is unlimited, each of the two by itself", () => {
    const quotas = new Quotas(new FakeClock());
    const free = principal({ requestsPerSecond: null, bytesPerSecond: null });
    const bytes = principal({ requestsPerSecond: null, bytesPerSecond: 10 }, "bytes");
    for (let n = 0; n < 1000; n++) {
      expect(quotas.admitRequest(free)).toBe(0);
      expect(quotas.admitBytes(free, 1e9)).toBe(0);
      expect(quotas.paceBytes(free, 1e9)).toBe(0);
      expect(quotas.admitRequest(bytes)).toBe(0);
    }
  });

  test("a stream is paced: it never waits for its first chunk, and then by its debt", () => {
    const clock = new FakeClock();
    const quotas = new Quotas(clock);
    const paced = principal({ requestsPerSecond: null, bytesPerSecond: 1000 });
    expect(quotas.paceBytes(paced, 1000)).toBe(0);
    expect(quotas.paceBytes(paced, 500)).toBeCloseTo(500);
    clock.advance(500);
    expect(quotas.paceBytes(paced, 100)).toBeCloseTo(100);
  });
});
