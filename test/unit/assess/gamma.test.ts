import { expect, test } from "vitest";
import { erfc, logGamma, upperGamma } from "../../../src/assess/special/gamma.ts";

const near = (value: number, expected: number): void =>
  expect(Math.abs(value / expected - 1)).toBeLessThan(1e-12);

test("known values (computed with 50 digits elsewhere)", () => {
  near(logGamma(0.5), 0.5 * Math.log(Math.PI));
  near(logGamma(101), 363.7393755555635);
  near(erfc(0.5), 0.4795001221869535);
  near(erfc(5), 1.5374597944280349e-12);
  near(erfc(-1), 1.8427007929497148);
  near(upperGamma(1, 10), Math.exp(-10));
  // Half-integers have a closed form: Q(3/2, x) = erfc(sqrt x) + 2 sqrt(x / pi) e^-x.
  for (const x of [0.1, 1, 2.4, 2.6, 30])
    near(upperGamma(1.5, x), erfc(Math.sqrt(x)) + 2 * Math.sqrt(x / Math.PI) * Math.exp(-x));
});

test("is continuous where the method changes, and falls from 1 to 0", () => {
  for (const a of [0.5, 4, 127.5, 5000]) {
    const below = upperGamma(a, (a + 1) * (1 - 1e-12));
    expect(Math.abs(below / upperGamma(a, a + 1) - 1)).toBeLessThan(1e-9);
    expect(upperGamma(a, 0)).toBe(1);
    expect(upperGamma(a, Infinity)).toBe(0);
    expect(upperGamma(a, a * 20)).toBeLessThan(1e-5);
  }
});
