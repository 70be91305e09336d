import { expect, test } from "vitest";
import {
  adaptiveProportionAlarmProbability,
  expectedAlarmsPerDay,
  expectedAlarmsPerYear,
  repetitionCountAlarmProbability,
} from "../../../src/standard/falseAlarms.ts";

test("repetition count, worked by hand", () => {
  // Two values at 1/2: one that differs and then C equal, 2 (1/2) 2^-C.
  expect(repetitionCountAlarmProbability(1, 11)).toBeCloseTo(2 ** -11, 15);
  // One value at 0.75 and one at 0.25.
  const entropy = -Math.log2(0.75);
  expect(repetitionCountAlarmProbability(entropy, 5)).toBeCloseTo(
    0.25 * 0.75 ** 5 + 0.75 * 0.25 ** 5,
    12,
  );
});

test("adaptive proportion, worked by hand", () => {
  // Fair bits, W = 4: the other three equal the first, 2^-3; at least two of three do, 1/2.
  expect(adaptiveProportionAlarmProbability(1, 4, 4)).toBeCloseTo(1 / 8, 12);
  expect(adaptiveProportionAlarmProbability(1, 4, 3)).toBeCloseTo(1 / 2, 12);
});

test("300 kbit/s at 2^-30 is 24 alarms a day, at 2^-40 it is 0.02", () => {
  expect(expectedAlarmsPerDay(2 ** -30, 300_000)).toBeCloseTo(24.14, 2);
  expect(expectedAlarmsPerDay(2 ** -40, 300_000)).toBeCloseTo(0.0236, 4);
  expect(expectedAlarmsPerYear(2 ** -40, 300_000)).toBeCloseTo(0.023574 * 365.25, 3);
});
