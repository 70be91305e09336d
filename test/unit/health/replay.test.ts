import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { HealthMonitor, type HealthOptions } from "../../../src/health/monitor.ts";
import { replay } from "../../../src/health/replay.ts";
import { concatenate, noise } from "./noise.ts";

const OPTIONS: HealthOptions = {
  bitsPerSample: 8,
  minEntropyPerSample: 4,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 1000,
  silenceMilliseconds: 500,
};

describe("replay", () => {
  test("a sound recording: everything after the startup test is usable", () => {
    const report = replay(OPTIONS, noise(200_000));
    expect(report).toMatchObject({ samples: 200_000, usableSamples: 198_976, state: "healthy" });
    expect(report).toMatchObject({ passed: true, alarms: [], alarmTotals: [], latch: null });
    expect(report.tests.map((one) => one.test)).toEqual([
      "repetition_count",
      "adaptive_proportion",
      "lag_predictor",
      "lag_predictor_count",
      "block_repetition",
    ]);
  });

  test("an experiment: what a live source's budget refuses runs, beside what chance alone gives", () => {
    const daring = {
      ...OPTIONS,
      minEntropyPerSample: 8,
      alphaIntermittentExponent: 14,
      samplesPerSecond: 50_000,
      lag: false,
      blockRepetition: false,
    };
    expect(() => new HealthMonitor(daring)).toThrow("false alarms a day");
    const report = replay(daring, noise(2_000_000));
    expect(report.expectedFalseAlarms).toBeGreaterThan(3);
    const found = report.alarmTotals.reduce((sum, { total }) => sum + total, 0);
    // As a Poisson count: within five standard deviations.
    const expected = report.expectedFalseAlarms;
    expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
    expect(replay(daring, noise(200_000)).expectedFalseAlarms).toBeCloseTo(expected / 10, 9);
  });

  test("a stuck one: the alarm with its sequence number, and the latch", () => {
    const symbols = concatenate(noise(100_000), new Uint8Array(50_000).fill(3));
    const report = replay(OPTIONS, symbols);
    expect(report.alarms[0]).toMatchObject({ test: "repetition_count", severity: "intermittent" });
    expect(report.alarms[0]!.sequence).toBeGreaterThanOrEqual(100_009);
    expect(report).toMatchObject({ passed: false, state: "failed" });
    expect(report.tests[0]).toMatchObject({ alarms: 2, watermark: 50_000 });
  });
});

const CAPTURE = new URL("../../../../shared/vectors/captures/infnoise_raw.bin", import.meta.url);

test.skipIf(!existsSync(CAPTURE))("a real capture passes at what its estimators say", () => {
  // Infinite Noise, one comparator bit a sample, assessed at 0.38 bit.
  const bytes = readFileSync(CAPTURE);
  const bits = Uint8Array.from({ length: 8 * bytes.length }, (_, i) => {
    return (bytes[i >>> 3]! >>> (7 - (i & 7))) & 1;
  });
  const options = {
    ...OPTIONS,
    bitsPerSample: 1,
    minEntropyPerSample: 0.38,
    samplesPerSecond: 300_000,
  };
  const report = replay(options, bits);
  expect(report.alarms).toEqual([]);
  expect(report.state).toBe("healthy");
});
