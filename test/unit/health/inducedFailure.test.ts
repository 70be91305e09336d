import { describe, expect, test } from "vitest";
import { BlockRepetition } from "../../../src/health/blockRepetition.ts";
import { HealthMonitor, type HealthOptions } from "../../../src/health/monitor.ts";
import type { HealthTestName } from "../../../src/port/health.ts";
import { concatenate, noise } from "./noise.ts";

/*
 * Every test is driven to its cutoff through the monitor with all other tests on: at C - 1 nothing
 * alarms, at C exactly this test does, with the severity and at the sample that are due.
 */

const BYTES: HealthOptions = {
  bitsPerSample: 8,
  minEntropyPerSample: 4,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 1000,
  silenceMilliseconds: 500,
  band: { statistic: "collision_entropy", lower: 7.5, upper: 8, windowSamples: 1024 },
};
const STARTUP = 1024; // two APT windows of 512, one window of the band

function cutoffs(options: HealthOptions, name: HealthTestName) {
  const snapshot = new HealthMonitor(options).snapshot().tests.find(({ test }) => test === name)!;
  return { intermittent: snapshot.cutoffIntermittent!, permanent: snapshot.cutoffPermanent! };
}

/** Alarms as `test/severity@sequence`, startup noise in front unless told otherwise. */
function alarmsOf(options: HealthOptions, symbols: Uint8Array, startup = true): string[] {
  const monitor = new HealthMonitor(options);
  monitor.present(0);
  if (startup && monitor.push(noise(STARTUP, 8, 7), 0).state !== "healthy") {
    throw new Error("the startup noise did not pass");
  }
  return monitor
    .push(symbols, 0)
    .alarms.map((alarm) => `${alarm.test}/${alarm.severity}@${alarm.sequence}`);
}

/** Noise without the value that a test is about. */
function noiseWithout(value: number, samples: number, seed: number): Uint8Array {
  return noise(samples, 8, seed).map((symbol) => (symbol === value ? value ^ 1 : symbol));
}

test("noise alone raises nothing", () => {
  expect(alarmsOf(BYTES, noise(1 << 20))).toEqual([]);
});

describe("repetition count", () => {
  const { intermittent, permanent } = cutoffs(BYTES, "repetition_count");
  const run = (length: number, seed = 2) =>
    concatenate(
      noiseWithout(5, 100, seed),
      Array.from({ length }, () => 5),
      noiseWithout(5, 100, seed + 1),
    );

  test("cutoffs by 4.4.1", () => expect([intermittent, permanent]).toEqual([11, 16]));

  test("C - 1 and C, intermittent", () => {
    expect(alarmsOf(BYTES, run(intermittent - 1))).toEqual([]);
    const at = STARTUP + 100 + intermittent - 1;
    expect(alarmsOf(BYTES, run(intermittent))).toEqual([`repetition_count/intermittent@${at}`]);
  });

  test("C - 1 and C, permanent", () => {
    const first = `repetition_count/intermittent@${STARTUP + 100 + intermittent - 1}`;
    expect(alarmsOf(BYTES, run(permanent - 1))).toEqual([first]);
    const at = STARTUP + 100 + permanent - 1;
    expect(alarmsOf(BYTES, run(permanent))).toEqual([first, `repetition_count/permanent@${at}`]);
  });

  test("a run goes on over pushes and over windows", () => {
    const monitor = new HealthMonitor(BYTES);
    monitor.present(0);
    monitor.push(noiseWithout(5, STARTUP + 508, 7), 0);
    for (let i = 1; i < intermittent; i += 1) {
      expect(monitor.push(Uint8Array.of(5), 0).alarms).toEqual([]);
    }
    expect(monitor.push(Uint8Array.of(5), 0).alarms[0]?.test).toBe("repetition_count");
  });

  test("the next run after an alarm in the same push alarms again", () => {
    const twice = concatenate(run(intermittent + 2), run(intermittent, 30));
    expect(alarmsOf(BYTES, twice).length).toBe(2);
  });
});

describe("adaptive proportion", () => {
  const { intermittent, permanent } = cutoffs(BYTES, "adaptive_proportion");
  /** A window of 512 that begins with the value and holds it `count` times, never adjacent. */
  const window = (count: number, seed = 4) => {
    const symbols = noiseWithout(9, 512, seed);
    for (let i = 0; i < count; i += 1) symbols[i * 5] = 9;
    return symbols;
  };

  test("C - 1 and C, intermittent", () => {
    expect(alarmsOf(BYTES, window(intermittent - 1))).toEqual([]);
    const at = STARTUP + (intermittent - 1) * 5;
    expect(alarmsOf(BYTES, window(intermittent))).toEqual([
      `adaptive_proportion/intermittent@${at}`,
    ]);
  });

  test("C - 1 and C, permanent", () => {
    const first = `adaptive_proportion/intermittent@${STARTUP + (intermittent - 1) * 5}`;
    expect(alarmsOf(BYTES, window(permanent - 1))).toEqual([first]);
    expect(alarmsOf(BYTES, window(permanent))).toEqual([
      first,
      `adaptive_proportion/permanent@${STARTUP + (permanent - 1) * 5}`,
    ]);
  });

  test("the count begins anew with each window, and at 1024 samples for a binary source", () => {
    const half = concatenate(window(intermittent - 1), window(intermittent - 1, 40));
    expect(alarmsOf(BYTES, half)).toEqual([]);
    const binary = { ...BYTES, bitsPerSample: 1, minEntropyPerSample: 0.5, band: undefined };
    const tests = new HealthMonitor(binary).snapshot().tests;
    expect(tests.find((one) => one.test === "adaptive_proportion")).toMatchObject({
      windowSamples: 1024,
      cutoffIntermittent: 824,
    });
  });
});

describe("lag predictor", () => {
  const { intermittent, permanent } = cutoffs(BYTES, "lag_predictor");
  /*
   * A fresh window: eight samples fill the history, the ninth is guessed wrong by lag 1 and puts
   * the period's lag ahead, and from the tenth every guess is right.
   */
  const periodic = (period: number, right: number) =>
    concatenate(
      Array.from({ length: 9 + right }, (_, i) => 100 + (i % period)),
      noise(200, 8, 5).map((symbol) => symbol % 100),
    );

  test.each([2, 3, 5, 7, 8])("period %d at C - 1 and C", (period) => {
    expect(alarmsOf(BYTES, periodic(period, intermittent - 1), false)).toEqual([]);
    const first = `lag_predictor/intermittent@${8 + intermittent}`;
    expect(alarmsOf(BYTES, periodic(period, intermittent), false)).toEqual([first]);
    expect(alarmsOf(BYTES, periodic(period, permanent - 1), false)).toEqual([first]);
    expect(alarmsOf(BYTES, periodic(period, permanent), false)).toEqual([
      first,
      `lag_predictor/permanent@${8 + permanent}`,
    ]);
  });
});

describe("block repetition", () => {
  const block = new BlockRepetition(8, 4, 40).blockSamples;
  const first = noise(3 * block, 8, 6);

  test("64 bytes' worth, or as many samples as alpha needs", () => {
    expect(block).toBe(64);
    expect(new BlockRepetition(1, 0.5, 40).blockSamples).toBe(512);
    expect(new BlockRepetition(8, 0.5, 40).blockSamples).toBe(104); // (40 + 12) / 0.5
  });

  test("one sample less than a block, and a block", () => {
    const again = first.slice(2 * block);
    const other = again.slice();
    other[block - 1]! ^= 1;
    expect(alarmsOf(BYTES, concatenate(first, other))).toEqual([]);
    expect(alarmsOf(BYTES, concatenate(first, again, noise(500, 8, 8)))).toEqual([
      `block_repetition/intermittent@${STARTUP + 4 * block - 1}`,
    ]);
  });

  test("two blocks in succession are permanent", () => {
    const again = first.slice(block);
    expect(alarmsOf(BYTES, concatenate(first, again, noise(500, 8, 8)))).toEqual([
      `block_repetition/intermittent@${STARTUP + 4 * block - 1}`,
      `block_repetition/permanent@${STARTUP + 5 * block - 1}`,
    ]);
  });

  test("a repeat is found wherever it begins, once it is twice a block long", () => {
    for (const shift of [1, 17, 63]) {
      const repeated = noise(2 * block - 1, 8, 20 + shift);
      const symbols = concatenate(
        noise(shift, 8, 9),
        repeated,
        noise(1000 + shift, 8, 10),
        repeated,
        noise(100, 8, 11),
      );
      const alarms = alarmsOf(BYTES, symbols);
      expect(alarms.length).toBe(1);
      expect(alarms[0]).toContain("block_repetition/intermittent");
    }
  });

  test("two repeats with new samples between are not in succession", () => {
    const again = first.slice(2 * block);
    const symbols = concatenate(first, again, noise(2 * block, 8, 8), again);
    expect(alarmsOf(BYTES, symbols)).toEqual([
      `block_repetition/intermittent@${STARTUP + 4 * block - 1}`,
      `block_repetition/intermittent@${STARTUP + 7 * block - 1}`,
    ]);
  });

  test("a replug does not make it forget", () => {
    const monitor = new HealthMonitor(BYTES);
    monitor.present(0);
    const session = noise(STARTUP + 4 * block, 8, 12);
    expect(monitor.push(session, 0).alarms).toEqual([]);
    monitor.absent();
    monitor.present(1);
    expect(monitor.push(session, 1).alarms[0]?.test).toBe("block_repetition");
  });
});

describe("band", () => {
  const { intermittent, permanent } = cutoffs(BYTES, "band");
  const most = Math.floor(512 * 2 ** -7.5);
  /** A window of 512 pairs of which so many are equal. */
  const pairs = (equal: number) =>
    noise(1024, 8, 13).map((symbol, i, all) => {
      if (i % 2 === 0) return symbol;
      return (i - 1) / 2 < equal ? all[i - 1]! : all[i - 1]! ^ 0x55;
    });

  test("worse than its physics: C - 1 and C, intermittent and permanent", () => {
    const at = STARTUP + 1023;
    expect(alarmsOf(BYTES, pairs(most + intermittent - 1))).toEqual([]);
    expect(alarmsOf(BYTES, pairs(most + intermittent))).toEqual([`band/intermittent@${at}`]);
    expect(alarmsOf(BYTES, pairs(most + permanent - 1))).toEqual([`band/intermittent@${at}`]);
    expect(alarmsOf(BYTES, pairs(most + permanent))).toEqual([`band/permanent@${at}`]);
  });

  test("pairs are the same when samples come one at a time", () => {
    const monitor = new HealthMonitor(BYTES);
    monitor.present(0);
    const symbols = concatenate(noise(STARTUP, 8, 7), pairs(most + intermittent));
    const found = Array.from(symbols).flatMap((_, i) => [
      ...monitor.push(symbols.subarray(i, i + 1), 0).alarms,
    ]);
    expect(found).toMatchObject([{ test: "band", sequence: STARTUP + 1023 }]);
  });

  test("too good for its physics: whitened where raw was promised", () => {
    const biased: HealthOptions = {
      ...BYTES,
      bitsPerSample: 1,
      minEntropyPerSample: 0.3,
      band: { statistic: "ones_proportion", lower: 0.6, upper: 0.7, windowSamples: 4096 },
    };
    const { intermittent, permanent } = cutoffs(biased, "band");
    const least = Math.ceil(4096 * 0.6);
    const withOnes = (ones: number) => {
      const order = noise(4096 * 4, 1, 14);
      const symbols = new Uint8Array(4096);
      let left = ones;
      // Seeded selection: each place is a one with the share that is still to be placed.
      for (let i = 0; i < 4096; i += 1) {
        const share = (8 * order[4 * i]! + 4 * order[4 * i + 1]! + 2 * order[4 * i + 2]! + 1) / 16;
        if (left >= 4096 - i || (left > 0 && share * (4096 - i) < left)) {
          symbols[i] = 1;
          left -= 1;
        }
      }
      return symbols;
    };
    const run = (ones: number) => alarmsOf(biased, withOnes(ones), false);
    expect(run(least)).toEqual([]);
    expect(run(least - intermittent + 1)).toEqual([]);
    expect(run(least - intermittent)).toEqual(["band/intermittent@4095"]);
    expect(run(least - permanent)).toEqual(["band/permanent@4095"]);
    expect(alarmsOf(biased, noise(4096, 1, 15), false)).toEqual(["band/permanent@4095"]);
  });
});

describe("total failure", () => {
  test("C - 1 and C milliseconds, once a silence", () => {
    const monitor = new HealthMonitor(BYTES);
    monitor.present(0);
    monitor.push(noise(2000), 1000);
    expect(monitor.tick(1499)).toMatchObject({ state: "healthy", alarms: [] });
    const verdict = monitor.tick(1500);
    expect(verdict).toMatchObject({ state: "absent", discardAccumulated: true });
    expect(verdict.alarms).toMatchObject([
      { test: "total_failure", severity: "intermittent", observed: 500, cutoff: 500 },
    ]);
    expect(monitor.tick(9000).alarms).toEqual([]);
    expect(monitor.push(noise(STARTUP, 8, 2), 9001).state).toBe("healthy");
    expect(monitor.tick(9501).alarms.length).toBe(1);
  });

  test("a clock that was set back is no silence, and hides none for long", () => {
    const monitor = new HealthMonitor(BYTES);
    monitor.present(1_000_000);
    monitor.push(noise(1), 1_000_000);
    expect(monitor.tick(0).alarms).toEqual([]);
    expect(monitor.tick(499).alarms).toEqual([]);
    expect(monitor.tick(500).alarms.length).toBe(1);
  });

  test("a device that was just opened may settle for five seconds, and no longer", () => {
    for (const setBack of [0, 900_000]) {
      const monitor = new HealthMonitor(BYTES);
      monitor.present(1_000_000);
      const now = 1_000_000 - setBack;
      expect(monitor.tick(now).alarms).toEqual([]);
      expect(monitor.tick(now + 4999).alarms).toEqual([]);
      expect(monitor.tick(now + 5499).alarms).toEqual([]);
      expect(monitor.tick(now + 5500).alarms.length).toBe(1);
    }
  });

  test("an absent source is not silent", () => {
    const monitor = new HealthMonitor(BYTES);
    expect(monitor.tick(1e9)).toMatchObject({ state: "absent", alarms: [] });
  });
});
