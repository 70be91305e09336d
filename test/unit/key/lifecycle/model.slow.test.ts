import { expect, test } from "vitest";
import { REAL, runAgainstModel } from "./machine.ts";

test("100,000 commands without a difference between machine, model and replayed log", () => {
  let executed = 0;
  for (let seed = 1; executed < 100_000; seed++) executed += runAgainstModel(REAL, 500, seed);
  expect(executed).toBeGreaterThanOrEqual(100_000);
});
