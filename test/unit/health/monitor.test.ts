import { describe, expect, test } from "vitest";
import {
  HealthMonitor,
  healthConfigurationFaults,
  type HealthOptions,
} from "../../../src/health/monitor.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { concatenate, noise } from "./noise.ts";

const OPTIONS: HealthOptions = {
  bitsPerSample: 8,
  minEntropyPerSample: 4,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 1000,
  silenceMilliseconds: 500,
};
const HOUR = 3_600_000;
const RUN = 11; // RCT's intermittent cutoff; the permanent one is 16
const stuck = (length: number) => Array.from({ length }, () => 77);

function healthy(options: HealthOptions = OPTIONS): HealthMonitor {
  const monitor = new HealthMonitor(options);
  monitor.present(0);
  monitor.push(noise(1024, options.bitsPerSample, 100), 0);
  return monitor;
}

/** An intermittent alarm and, after it, noise until the source is healthy again. */
function incident(monitor: HealthMonitor, at: number, seed: number): void {
  expect(monitor.push(Uint8Array.from(stuck(RUN)), at).alarms.length).toBe(1);
  if (monitor.state !== "failed") monitor.push(noise(3000, 8, seed), at);
}

describe("states", () => {
  test("absent until the device is opened, and samples before that are a bug", () => {
    const monitor = new HealthMonitor(OPTIONS);
    expect(monitor.state).toBe("absent");
    expect(() => monitor.push(noise(1), 0)).toThrow("absent");
    monitor.present(5);
    expect(monitor.snapshot()).toMatchObject({ state: "starting", sinceMilliseconds: 5 });
    monitor.absent(7);
    expect(monitor.snapshot()).toMatchObject({ state: "absent", sinceMilliseconds: 7 });
  });

  test("the first usable sample is the one after the startup test, wherever it stands", () => {
    const monitor = new HealthMonitor(OPTIONS);
    monitor.present(0);
    expect(monitor.push(noise(1000), 0)).toMatchObject({ state: "starting", usableFrom: 1000 });
    expect(monitor.push(noise(100, 8, 2), 0)).toMatchObject({ state: "healthy", usableFrom: 24 });
    expect(monitor.push(noise(100, 8, 3), 0)).toMatchObject({ usableFrom: 0 });
    const other = new HealthMonitor({ ...OPTIONS, startupSamples: 2000 });
    other.present(0);
    expect(other.push(noise(2000), 0)).toMatchObject({ state: "healthy", usableFrom: 2000 });
  });

  test("an intermittent alarm: suspect to the end of the APT window, then a startup test", () => {
    const monitor = healthy();
    const verdict = monitor.push(concatenate(noise(100), stuck(RUN)), 1);
    expect(verdict).toMatchObject({ state: "suspect", usableFrom: 111, discardAccumulated: true });
    expect(verdict.alarms).toMatchObject([{ sequence: 1024 + 110, observed: 11, cutoff: 11 }]);
    expect(verdict.alarms[0]!.detail).toBe(
      "11 equal samples in a row, the intermittent cutoff is 11",
    );
    expect(monitor.push(noise(401, 8, 3), 1)).toMatchObject({ state: "suspect", alarms: [] });
    expect(monitor.push(noise(1, 8, 4), 1).state).toBe("starting");
    expect(monitor.push(noise(1022, 8, 5), 1).state).toBe("starting");
    expect(monitor.push(noise(5, 8, 6), 1)).toMatchObject({ state: "healthy", usableFrom: 1 });
  });

  test("alarm and recovery within one push: usable from after the second startup", () => {
    const symbols = concatenate(noise(100), stuck(RUN), noise(2000, 8, 3));
    expect(healthy().push(symbols, 1)).toMatchObject({
      state: "healthy",
      usableFrom: 512 + 1024,
      discardAccumulated: true,
    });
  });

  test("a permanent alarm latches; absence and reopening are no cure, a reset is", () => {
    const monitor = healthy();
    expect(monitor.push(Uint8Array.from(stuck(16)), 1).state).toBe("failed");
    expect(monitor.push(noise(9000), 2)).toMatchObject({ state: "failed", usableFrom: 9000 });
    monitor.absent(3);
    expect(monitor.state).toBe("failed");
    monitor.present(4);
    expect(monitor.state).toBe("failed");
    expect(monitor.beginOnDemandTest()).toMatchObject({ code: "conflict" });
    expect(monitor.snapshot().latch).toEqual({
      reason: "permanent_alarm",
      test: "repetition_count",
      sequence: 1024 + 15,
      atMilliseconds: 1,
    });
    expect(monitor.reset(5)).toBeNull();
    expect(monitor.snapshot()).toMatchObject({ state: "starting", latch: null });
    expect(monitor.push(noise(1025, 8, 9), 6)).toMatchObject({ usableFrom: 1024 });
    expect(monitor.reset(7)).toMatchObject({ code: "conflict" });
  });

  test("a failed source that was unplugged is absent after the reset", () => {
    const monitor = healthy();
    monitor.push(Uint8Array.from(stuck(16)), 1);
    monitor.absent();
    expect(monitor.reset(5)).toBeNull();
    expect(monitor.state).toBe("absent");
  });

  test("the third intermittent alarm in 24 h latches, one after 24 h does not", () => {
    const monitor = healthy();
    incident(monitor, 1 * HOUR, 1);
    incident(monitor, 2 * HOUR, 2);
    expect(monitor.snapshot()).toMatchObject({ state: "healthy", intermittentAlarmsLastDay: 2 });
    incident(monitor, 25 * HOUR, 3);
    expect(monitor.state).toBe("healthy");
    incident(monitor, 26 * HOUR - 1, 4);
    expect(monitor.snapshot()).toMatchObject({
      state: "failed",
      latch: { reason: "intermittent_alarms", test: "repetition_count" },
    });
  });

  test("a startup test that fails twice in a row latches; a pass between forgets", () => {
    const monitor = healthy();
    monitor.push(concatenate(stuck(RUN), noise(1000, 8, 3)), 1 * HOUR);
    expect(monitor.state).toBe("starting");
    monitor.push(concatenate(stuck(RUN), noise(3000, 8, 4)), 1 * HOUR);
    expect(monitor.snapshot()).toMatchObject({ state: "healthy", startupFailures: 0 });

    const fresh = new HealthMonitor(OPTIONS);
    fresh.present(0);
    fresh.push(concatenate(stuck(RUN), noise(1000, 8, 3)), 0);
    expect(fresh.snapshot()).toMatchObject({ state: "starting", startupFailures: 1 });
    // Re-opening does not help a source past its second failure.
    fresh.absent();
    fresh.present(1);
    const { alarms } = fresh.push(Uint8Array.from(stuck(RUN)), 2);
    expect(alarms.map((alarm) => [alarm.test, alarm.severity])).toEqual([
      ["repetition_count", "intermittent"],
      ["startup", "permanent"],
    ]);
    expect(fresh.snapshot()).toMatchObject({
      state: "failed",
      latch: { reason: "startup_failures", test: "startup" },
    });
  });

  test("a failed source goes on being counted, and does not fill the log", () => {
    const monitor = healthy();
    monitor.push(Uint8Array.from(stuck(16)), 1);
    let told = 0;
    for (let i = 0; i < 50; i += 1)
      told += monitor.push(new Uint8Array(4096).fill(i), 2).alarms.length;
    const totals = monitor.snapshot().alarms;
    expect(told).toBeLessThanOrEqual(2 * 6);
    expect(
      totals.find((one) => one.test === "adaptive_proportion" && one.severity === "permanent")!
        .total,
    ).toBeGreaterThan(300);
  });

  test("after a reset everything is told again", () => {
    const monitor = healthy();
    const told = () => monitor.push(Uint8Array.from(stuck(600)), 1).alarms.length;
    const first = told();
    expect(told()).toBeLessThan(first);
    monitor.reset(2);
    expect(told()).toBeGreaterThanOrEqual(first);
  });

  test("a gap begins a startup test anew, with the next window, and is no alarm", () => {
    const monitor = healthy();
    monitor.gap();
    expect(monitor.push(noise(64, 8, 2), 1)).toMatchObject({
      state: "healthy",
      usableFrom: 0,
      alarms: [],
    });
    const starting = new HealthMonitor(OPTIONS);
    starting.present(0);
    starting.push(noise(1023), 0);
    starting.gap();
    // One more fills the window of 512 samples.
    expect(starting.push(noise(1024, 8, 2), 0).state).toBe("starting");
    expect(starting.push(noise(1, 8, 3), 0).state).toBe("healthy");
  });

  test.each([
    ["stuck", () => 7, "repetition_count"],
    ["biased", (at: number) => (at % 2 === 0 ? 7 : at % 251), "adaptive_proportion"],
    ["periodic", (at: number) => at % 5, "lag_predictor"],
  ])("%s, it alarms though it loses samples all the time", (_, symbol, test) => {
    const monitor = healthy();
    const tests = new Set<string>();
    for (let at = 0; at < 4096; at += 2) {
      monitor.gap();
      const { alarms } = monitor.push(Uint8Array.of(symbol(at), symbol(at + 1)), 1);
      for (const alarm of alarms) tests.add(alarm.test);
    }
    expect(tests).toContain(test);
    expect(monitor.state).toBe("failed");
  });

  test("silences are alarms, but neither incidents nor startup failures", () => {
    const monitor = new HealthMonitor(OPTIONS);
    for (const at of [0, 10_000, 20_000]) {
      monitor.present(at);
      monitor.push(noise(1), at);
      expect(monitor.tick(at + 500).alarms.length).toBe(1);
      expect(monitor.snapshot().startupFailures).toBe(0);
    }
    expect(monitor.snapshot()).toMatchObject({ latch: null, intermittentAlarmsLastDay: 0 });
  });

  test("silent, it is absent, through openings too, to its first sample; then the startup test", () => {
    const monitor = healthy();
    expect(monitor.tick(499)).toMatchObject({ state: "healthy", alarms: [] });
    expect(monitor.tick(500)).toMatchObject({ state: "absent", discardAccumulated: true });
    expect(monitor.snapshot()).toMatchObject({ silent: true });
    expect(monitor.beginOnDemandTest(501)).toMatchObject({ code: "source_absent" });
    monitor.absent(600);
    monitor.present(700);
    expect(monitor.tick(60_000)).toMatchObject({ state: "absent", alarms: [] });
    monitor.rerun(60_001);
    expect(monitor.state).toBe("absent");
    expect(monitor.push(noise(1023), 60_002)).toMatchObject({ state: "starting" });
    expect(monitor.snapshot()).toMatchObject({ silent: false });
    expect(monitor.push(noise(1, 8, 2), 60_003)).toMatchObject({ state: "healthy" });
    expect(monitor.tick(60_503).alarms).toHaveLength(1);
  });

  test("a silence is no way past an alarm: what counted before it still counts", () => {
    const monitor = healthy();
    incident(monitor, 1, 1);
    incident(monitor, 2, 2);
    monitor.tick(600);
    monitor.push(noise(1024, 8, 3), 700);
    incident(monitor, 701, 4);
    expect(monitor.state).toBe("failed");
  });
});

describe("on-demand test, SP 800-90B 4.3 item 5", () => {
  test("not usable meanwhile; passed, it is healthy again", () => {
    const monitor = healthy();
    monitor.push(noise(100), 1);
    expect(monitor.beginOnDemandTest(2)).toBeNull();
    expect(monitor.snapshot()).toMatchObject({ state: "starting", onDemandTest: "running" });
    // From the next APT window on: 412 samples, then 1024.
    expect(monitor.push(noise(1435, 8, 2), 3)).toMatchObject({ state: "starting" });
    expect(monitor.push(noise(2, 8, 3), 4)).toMatchObject({ state: "healthy", usableFrom: 1 });
    expect(monitor.snapshot()).toMatchObject({ onDemandTest: "passed", startupFailures: 0 });
  });

  test("failed, it counts as a startup test that failed", () => {
    const monitor = healthy();
    monitor.beginOnDemandTest(2);
    monitor.push(Uint8Array.from(stuck(RUN)), 3);
    expect(monitor.snapshot()).toMatchObject({
      state: "suspect",
      onDemandTest: "failed",
      startupFailures: 1,
    });
  });

  test("without a device it is refused, or abandoned", () => {
    const monitor = healthy();
    monitor.beginOnDemandTest(2);
    monitor.absent();
    expect(monitor.snapshot().onDemandTest).toBe("abandoned");
    expect(monitor.beginOnDemandTest(3)).toMatchObject({ code: "source_absent" });
  });
});

describe("what is shown", () => {
  test("watermarks move on passing windows (opentitan#9753)", () => {
    const watermark = (monitor: HealthMonitor, name: string) =>
      monitor.snapshot().tests.find((one) => one.test === name)!.watermark;
    const monitor = healthy();
    const before = watermark(monitor, "repetition_count");
    monitor.push(concatenate(noise(50), stuck(8), noise(50, 8, 2)), 1);
    expect(before).toBeLessThan(8);
    expect(watermark(monitor, "repetition_count")).toBe(8);
    expect(watermark(monitor, "adaptive_proportion")).toBeGreaterThan(1);
    expect(watermark(monitor, "lag_predictor_count")).toBeGreaterThan(2);
    monitor.tick(300);
    expect(watermark(monitor, "total_failure")).toBe(299);
    expect(monitor.snapshot().alarms).toEqual([]);
  });

  test("the recent watermark forgets after twenty minutes at the latest, and not before ten", () => {
    const recent = (monitor: HealthMonitor) =>
      monitor.snapshot().tests.find(({ test }) => test === "repetition_count")!.recentWatermark;
    const minutes = (count: number) => count * 60_000;
    const monitor = healthy();
    monitor.push(noise(1), minutes(10));
    monitor.push(concatenate(noise(50), stuck(8), noise(50, 8, 2)), minutes(11));
    expect(recent(monitor)).toBe(8);
    monitor.tick(minutes(21) - 1);
    monitor.push(noise(50, 8, 3), minutes(21) - 1);
    expect(recent(monitor)).toBe(8);
    monitor.push(noise(50, 8, 4), minutes(31));
    expect(recent(monitor)).toBeLessThan(8);
    expect(monitor.snapshot().tests[0]!.watermark).toBe(8);
    // Silence that outlasts both halves, and a clock that was set back.
    monitor.push(concatenate(stuck(8)), minutes(32));
    monitor.tick(minutes(90));
    expect(recent(monitor)).toBe(0);
    monitor.push(concatenate(noise(50, 8, 5), stuck(8), noise(50, 8, 6)), minutes(5));
    monitor.push(noise(50, 8, 6), minutes(16));
    monitor.push(noise(50, 8, 7), minutes(27));
    expect(recent(monitor)).toBeLessThan(8);
  });

  test("margins are those since the last call", () => {
    const monitor = healthy();
    monitor.push(concatenate(noise(50), stuck(8), noise(50, 8, 2)), 1);
    expect(monitor.takeMargins().repetition_count).toBe(RUN - 8);
    monitor.push(noise(50, 8, 3), 1);
    expect(monitor.takeMargins().repetition_count).toBeGreaterThan(RUN - 8);
    expect(monitor.takeMargins()).toEqual({});
  });

  test("a symbol wider than the source's is a bug", () => {
    const monitor = healthy({ ...OPTIONS, bitsPerSample: 1, minEntropyPerSample: 0.5 });
    expect(() => monitor.push(Uint8Array.of(0, 1, 2), 0)).toThrow("wider than 1 bits");
  });

  test("a permanent cutoff that cannot be reached is switched off and shown so", () => {
    const monitor = new HealthMonitor({ ...OPTIONS, minEntropyPerSample: 0.1 });
    const apt = monitor.snapshot().tests.find((one) => one.test === "adaptive_proportion")!;
    expect(apt).toMatchObject({ cutoffIntermittent: 510, cutoffPermanent: null });
  });
});

describe("configuration", () => {
  const faults = (changes: Partial<HealthOptions>) =>
    healthConfigurationFaults({ ...OPTIONS, ...changes });

  test("what is sound has no fault", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ lag: false, blockRepetition: false })).toEqual([]);
  });

  test("an intermittent cutoff that can never be reached is refused", () => {
    // 2^-0.1 to the 512th power is 2^-51.2: no window of 512 is as improbable as 2^-60.
    const found = faults({ minEntropyPerSample: 0.1, alphaIntermittentExponent: 60 });
    expect(found).toEqual([expect.stringMatching(/^adaptive_proportion: .* never be reached/)]);
  });

  test("more than 0.1 false alarms a day are refused, with what to do", () => {
    const fast = { samplesPerSecond: 300_000, alphaIntermittentExponent: 30 };
    expect(faults(fast)).toEqual([expect.stringMatching(/^alphaIntermittentExponent: .*raise it/)]);
    // Cutoffs are integers, so that the advice may have to be followed more than once.
    let exponent = 30;
    for (let i = 0; i < 4; i += 1) {
      const [fault] = faults({ ...fast, alphaIntermittentExponent: exponent });
      exponent += Number(/at least (\d+)/.exec(fault ?? "at least 0")![1]);
    }
    expect(exponent).toBeLessThanOrEqual(40);
    expect(faults({ ...fast, alphaIntermittentExponent: exponent })).toEqual([]);
    expect(faults({ ...fast, alphaIntermittentExponent: 40 })).toEqual([]);
  });

  test.each<[Partial<HealthOptions>, string]>([
    [{ bitsPerSample: 9 }, "bitsPerSample"],
    [{ minEntropyPerSample: 8.5 }, "minEntropyPerSample"],
    [{ minEntropyPerSample: 0 }, "minEntropyPerSample"],
    [{ minEntropyPerSample: Number.NaN }, "minEntropyPerSample"],
    [{ alphaPermanentExponent: 39 }, "alphaPermanentExponent"],
    [{ startupSamples: 1023 }, "startupSamples"],
    [{ windowSamples: 3 }, "windowSamples"],
    [{ samplesPerSecond: 0 }, "samplesPerSecond"],
    [{ silenceMilliseconds: 0 }, "silenceMilliseconds"],
    [{ lag: { windowSamples: 8 } }, "lag"],
    [{ band: { statistic: "ones_proportion", lower: 0.4, upper: 0.6 } }, "band"],
    [{ band: { statistic: "collision_entropy", lower: 7, upper: 6 } }, "band"],
    [
      { band: { statistic: "collision_entropy", lower: 7, upper: 8, windowSamples: 1023 } },
      "band.windowSamples",
    ],
  ])("%j names its fault", (changes, field) => {
    expect(faults(changes).some((fault) => fault.startsWith(field))).toBe(true);
    expect(() => new HealthMonitor({ ...OPTIONS, ...changes })).toThrow(SpringhouseError);
  });

  test("the constructor throws configuration_invalid with every fault (opentitan PR#29850)", () => {
    const wrong = { ...OPTIONS, bitsPerSample: 0, samplesPerSecond: -1 };
    expect(() => new HealthMonitor(wrong)).toThrow(
      expect.objectContaining({
        code: "configuration_invalid",
        message: expect.stringMatching(/bitsPerSample[^]*samplesPerSecond/) as string,
      }),
    );
  });
});
