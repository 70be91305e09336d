import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "../../../src/source/backoff.ts";

test("the delay doubles up to the cap, and a good session starts it over", () => {
  const backoff = new Backoff({
    firstMilliseconds: 100,
    longestMilliseconds: 1000,
    goodSessionMilliseconds: 5000,
  });
  expect([0, 0, 0, 0, 0, 0].map((lived) => backoff.ended(lived))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
  expect(backoff.ended(4999)).toBe(1000);
  expect(backoff.ended(5000)).toBe(100);
  expect(backoff.failures).toBe(1);
  expect(backoff.ended(0)).toBe(200);
});

test("no history of sessions gives a delay outside its bounds", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 120_000 }), { maxLength: 2000 }), (lives) => {
      const backoff = new Backoff();
      for (const lived of lives) {
        const delay = backoff.ended(lived);
        expect(delay).toBeGreaterThanOrEqual(250);
        expect(delay).toBeLessThanOrEqual(30_000);
      }
    }),
  );
});
