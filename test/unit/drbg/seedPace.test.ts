import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeedPace } from "../../../src/drbg/seedPace.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { openHouse, refusalOf } from "./house.ts";

describe("Retry-After", () => {
  test("is a second where nothing is known", () => {
    expect(new SeedPace(new FakeClock()).retryAfterSeconds(4)).toBe(1);
  });

  test("comes to what the noise takes for so many seeds", () => {
    const clock = new FakeClock();
    const pace = new SeedPace(clock);
    for (let i = 0; i < 60; i++) {
      pace.taken();
      pace.starved();
      clock.advance(3000);
    }
    pace.taken();
    expect(pace.retryAfterSeconds(1)).toBe(3);
    expect(pace.retryAfterSeconds(4)).toBe(12);
    expect(pace.retryAfterSeconds(64)).toBe(60);
  });

  test("learns nothing from a service that is idle", () => {
    const clock = new FakeClock();
    const pace = new SeedPace(clock);
    for (let i = 0; i < 60; i++) {
      pace.taken();
      clock.advance(30_000);
    }
    expect(pace.retryAfterSeconds(4)).toBe(1);
  });

  test("learns nothing from the time without a quorum", () => {
    const clock = new FakeClock();
    const pace = new SeedPace(clock);
    pace.taken();
    pace.interrupted();
    clock.advance(3_600_000);
    expect(pace.retryAfterSeconds(1)).toBe(60);
    pace.taken();
    expect(pace.retryAfterSeconds(1)).toBe(1);
  });

  test("begins anew when the quorum is back and it is noise that is missing", () => {
    const clock = new FakeClock();
    const pace = new SeedPace(clock);
    pace.interrupted();
    clock.advance(3_600_000);
    pace.starved();
    expect(pace.retryAfterSeconds(1)).toBe(1);
  });

  test("grows with the time for which nothing has come", () => {
    const clock = new FakeClock();
    const pace = new SeedPace(clock);
    pace.starved();
    for (const [milliseconds, seconds] of [
      [1000, 1],
      [1, 2],
      [6999, 8],
      [51_000, 59],
      [500_000, 60],
    ] as const) {
      clock.advance(milliseconds);
      pace.starved();
      expect(pace.retryAfterSeconds(1)).toBe(seconds);
    }
  });

  test("is a whole number from 1 to 60, whatever happened", () => {
    const step = fc.record({
      what: fc.constantFrom("taken", "starved", "interrupted"),
      milliseconds: fc.double({ min: 0, max: 1e7, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 64 }), (steps, seeds) => {
        const clock = new FakeClock();
        const pace = new SeedPace(clock);
        for (const { what, milliseconds } of steps) {
          pace[what as "taken"]();
          clock.advance(milliseconds);
          const seconds = pace.retryAfterSeconds(seeds);
          expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60).toBe(true);
        }
      }),
    );
  });

  test("is kept: with noise for a seed every seven seconds, who waits as told is served", async () => {
    const house = await openHouse();
    house.seeds.blocks = [];
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    let refused = 0;
    let early = 0;
    // One seed for the one door that is drawn from; all the others are full.
    const feeding = (): void => {
      house.feed(1);
      house.clock.schedule(7000, feeding);
    };
    house.clock.schedule(7000, feeding);
    let told = false;
    for (let i = 0; i < 200; i++) {
      const answer = await house.draw(16_384);
      if (answer.ok) {
        told = false;
        continue;
      }
      refused++;
      if (told) early++;
      told = true;
      await house.clock.run(refusalOf(answer).retryAfterSeconds! * 1000);
    }
    expect(refused).toBeGreaterThan(50);
    // Until it has learnt the pace, and no more than that.
    expect(early).toBeLessThan(refused / 3);
    expect(house.rules.faults).toEqual([]);
  });
});
