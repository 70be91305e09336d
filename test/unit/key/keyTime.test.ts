import { expect, test } from "vitest";
import { KeyTime } from "../../../src/key/keyTime.ts";

test("the time of keys follows the wall clock, never back, nor behind an earlier start", () => {
  const clock = { at: 1000, wallMilliseconds: () => clock.at };
  const time = new KeyTime(clock, 5000);
  const seen = [1000, 4999, 5001, 9000, 200, 8999, 9001].map((at) => {
    clock.at = at;
    return time.now();
  });
  expect(seen).toEqual([5000, 5000, 5001, 9000, 9000, 9000, 9001]);
});
