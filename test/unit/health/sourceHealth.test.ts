import { describe, expect, test } from "vitest";
import { Gauge } from "../../../src/health/gauge.ts";
import { SourceHealth } from "../../../src/health/sourceHealth.ts";
import type { Alarm } from "../../../src/port/health.ts";

const STARTUP = 1000;
const WINDOW = 100;
const GAUGE = new Gauge({
  test: "adaptive_proportion",
  cutoffIntermittent: 10,
  cutoffPermanent: 20,
  maximum: 100,
  windowSamples: WINDOW,
  alarmProbability: 0,
});

/** The states without a test that raises alarms: they are raised by hand, at any sample. */
function source() {
  const health = new SourceHealth(STARTUP, WINDOW);
  const told: Alarm[] = [];
  const pass = (samples: number): void => {
    let left = samples;
    while (left > 0) left -= health.pass(left, 0);
  };
  const alarm = (observed = 10): void => {
    health.passAlarming(0);
    health.alarm({ gauge: GAUGE, observed, sequence: 0 }, 0, told);
  };
  health.restarted(false, 0);
  return { health, told, pass, alarm };
}

describe("the states of a source", () => {
  test("healthy after exactly the startup test", () => {
    const { health, pass } = source();
    pass(STARTUP - 1);
    expect(health.state).toBe("starting");
    pass(1);
    expect(health.state).toBe("healthy");
  });

  test.each([1, 37, WINDOW - 1, WINDOW])(
    "suspect to the end of the window in which sample %d alarmed, and then a whole startup test",
    (at) => {
      const { health, pass, alarm } = source();
      pass(STARTUP + at - 1);
      alarm();
      const rest = WINDOW - at;
      if (rest > 0) {
        pass(rest);
        expect(health.state).toBe("suspect");
      }
      pass(1);
      expect(health.state).toBe("starting");
      pass(STARTUP - 2);
      expect(health.state).toBe("starting");
      pass(1);
      expect(health.state).toBe("healthy");
    },
  );

  test("one incident to the end of that window, another one after it", () => {
    const { health, pass, alarm } = source();
    pass(STARTUP);
    alarm();
    pass(WINDOW - 2);
    alarm();
    expect(health.snapshot(0)).toMatchObject({ intermittentAlarmsLastDay: 1, startupFailures: 0 });
    alarm();
    expect(health.snapshot(0)).toMatchObject({ intermittentAlarmsLastDay: 2, startupFailures: 1 });
  });

  test("failed by the permanent cutoff of the very window that made it suspect", () => {
    const { health, pass, alarm } = source();
    pass(STARTUP);
    alarm(10);
    alarm(20);
    expect(health.snapshot(0)).toMatchObject({
      state: "failed",
      latch: { reason: "permanent_alarm" },
      intermittentAlarmsLastDay: 1,
    });
  });

  test("a gap begins a startup test anew with the next window, and is nothing to the healthy", () => {
    const { health, pass } = source();
    pass(STARTUP - 1);
    health.gap();
    pass(STARTUP);
    expect(health.state).toBe("starting");
    pass(1);
    expect(health.state).toBe("healthy");
    health.gap();
    expect(health.state).toBe("healthy");
  });

  test("a failed startup test is told as an alarm of its own when it fails again", () => {
    const { told, alarm, pass } = source();
    alarm();
    pass(WINDOW);
    alarm();
    expect(told.map((one) => [one.test, one.severity, one.observed, one.cutoff])).toEqual([
      ["adaptive_proportion", "intermittent", 10, 10],
      ["adaptive_proportion", "intermittent", 10, 10],
      ["startup", "permanent", 2, 2],
    ]);
  });

  test("a silence of a failed source leaves it failed, and is no incident of another", () => {
    const { health, told, pass, alarm } = source();
    pass(STARTUP);
    health.silent({ gauge: GAUGE, observed: 10, sequence: 0 }, 0, told);
    expect(health.snapshot(0)).toMatchObject({ state: "absent", intermittentAlarmsLastDay: 0 });
    health.heard(0);
    alarm(20);
    health.silent({ gauge: GAUGE, observed: 10, sequence: 0 }, 0, told);
    expect(health.state).toBe("failed");
  });
});
