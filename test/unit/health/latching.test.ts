import { describe, expect, test } from "vitest";
import { Latching } from "../../../src/health/latching.ts";
import type { SourceState } from "../../../src/port/health.ts";

const DAY = 86_400_000;
const INTERMITTENT = { test: "repetition_count", severity: "intermittent", sequence: 7 } as const;
const PERMANENT = { ...INTERMITTENT, severity: "permanent" } as const;

/** Alarms at these times, each in this state. @returns the reason of each latch, or null */
function reasons(latching: Latching, ...alarms: readonly (readonly [SourceState, number])[]) {
  return alarms.map(([state, at]) => latching.alarm(INTERMITTENT, state, at)?.reason ?? null);
}

describe("what fails a source for good", () => {
  test("a permanent alarm, at once, and it says which", () => {
    const latching = new Latching();
    expect(latching.alarm(PERMANENT, "healthy", 5)).toEqual({
      reason: "permanent_alarm",
      test: "repetition_count",
      sequence: 7,
      atMilliseconds: 5,
    });
  });

  test.each([
    ["within a day", DAY - 1, "intermittent_alarms"],
    ["when the first is a day old", DAY, null],
  ])("the third incident %s: at %d ms %s", (_when, third, reason) => {
    const alarms = [0, 1, third].map((at) => ["healthy", at] as const);
    expect(reasons(new Latching(), ...alarms)).toEqual([null, null, reason]);
  });

  test("not the further alarms of an incident that is not over", () => {
    const latching = new Latching();
    const further = Array.from({ length: 9 }, () => ["suspect", 1] as const);
    const found = reasons(latching, ["healthy", 0], ...further);
    expect([...new Set(found)]).toEqual([null]);
    expect(latching.incidentsLastDay(1)).toBe(1);
  });

  test("a startup test that fails twice in a row, and not with one that passed between", () => {
    const passed = new Latching();
    expect(reasons(passed, ["starting", 0])).toEqual([null]);
    passed.startupPassed();
    expect(reasons(passed, ["starting", DAY])).toEqual([null]);
    const failed = new Latching();
    // However long lies between them.
    expect(reasons(failed, ["starting", 0], ["starting", 9 * DAY])).toEqual([
      null,
      "startup_failures",
    ]);
    expect(failed.latch).toMatchObject({ test: "startup", sequence: 7 });
  });

  test("a permanent alarm before all, so that its test is named", () => {
    const latching = new Latching();
    reasons(latching, ["starting", 0]);
    expect(latching.alarm(PERMANENT, "starting", 1)).toMatchObject({
      reason: "permanent_alarm",
      test: "repetition_count",
    });
  });

  test("three incidents also where the clock was set back between them", () => {
    const found = reasons(new Latching(), ["healthy", 9 * DAY], ["healthy", DAY], ["healthy", 0]);
    expect(found).toEqual([null, null, "intermittent_alarms"]);
  });
});

describe("what is remembered of a source", () => {
  test("counts as if there had been no restart", () => {
    const before = new Latching();
    reasons(before, ["healthy", 0], ["starting", 1]);
    const history = before.history(2);
    expect(history).toEqual({ latch: null, incidents: [0, 1], startupFailures: 1 });
    const third = new Latching();
    third.restore(history);
    expect(reasons(third, ["healthy", 2])).toEqual(["intermittent_alarms"]);
    const second = new Latching();
    second.restore(history);
    expect(reasons(second, ["starting", DAY])).toEqual(["startup_failures"]);
  });

  test("is what still counts, and nothing after a reset", () => {
    const latching = new Latching();
    reasons(latching, ["starting", 0], ["starting", 1]);
    expect(latching.history(DAY).incidents).toEqual([1]);
    latching.reset();
    expect(latching.history(2)).toEqual({ latch: null, incidents: [], startupFailures: 0 });
  });

  test("is another version whenever it may have changed, and not with each passed startup test", () => {
    const latching = new Latching();
    const moves = [
      () => latching.startupPassed(),
      () => reasons(latching, ["starting", 0]),
      () => reasons(latching, ["suspect", 0]),
      () => latching.startupPassed(),
      () => latching.startupPassed(),
      () => latching.reset(),
    ].map((act) => {
      const before = latching.version;
      act();
      return latching.version !== before;
    });
    expect(moves).toEqual([false, true, true, true, false, true]);
  });
});
