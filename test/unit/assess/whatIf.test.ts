import { describe, expect, test } from "vitest";
import { SeededNoise, uniformOver } from "../../../src/assess/seededNoise.ts";
import { whatIfPage } from "../../../src/assess/whatIf/page.ts";
import {
  FAULT_NAMES,
  mostCommonOf,
  PlantedFault,
  shareReplaced,
} from "../../../src/assess/whatIf/plantedFaults.ts";
import { poissonTail, poissonUpperBound } from "../../../src/assess/whatIf/poisson.ts";
import { tableOf } from "../../../src/assess/whatIf/table.ts";
import { type WhatIf, whatIf, type WhatIfOrder } from "../../../src/assess/whatIf/whatIf.ts";
import { replay } from "../../../src/health/replay.ts";
import {
  adaptiveProportionCutoff,
  predictorCountCutoff,
  repetitionCountCutoff,
} from "../../../src/standard/cutoffs.ts";

const SEED = "77".repeat(32);
const RECORDING = new SeededNoise("31".repeat(32)).symbols(200_000, uniformOver(64));

const order = (more: Partial<WhatIfOrder> = {}): Promise<WhatIf> =>
  whatIf({
    symbols: RECORDING,
    bitsPerSample: 6,
    samplesPerSecond: 10_000,
    h: [3, 5],
    alpha: [20, 40],
    seed: SEED,
    places: 5,
    ...more,
  });

function cell(result: WhatIf, h: number, alpha: number) {
  return result.cells.find((one) => one.h === h && one.alpha === alpha)!;
}

describe("what each claim and alpha would mean", async () => {
  const result = await order();

  test("one cell each, the same again from the same seed", async () => {
    expect(result.cells.map(({ h, alpha }) => [h, alpha])).toEqual([
      [3, 20],
      [3, 40],
      [5, 20],
      [5, 40],
    ]);
    expect(await order()).toEqual(result);
    expect((await order({ seed: "78".repeat(32) })).cells).not.toEqual(result.cells);
  });

  test("computed false alarms are those of the tests, at the recording's rate", () => {
    for (const { h, alpha, falseAlarmsPerDay, allowed, cutoffs } of result.cells) {
      const report = replay(
        {
          bitsPerSample: 6,
          minEntropyPerSample: h,
          alphaIntermittentExponent: alpha,
          alphaPermanentExponent: 60,
          samplesPerSecond: 10_000,
          silenceMilliseconds: 1000,
        },
        RECORDING,
      );
      const days = RECORDING.length / 10_000 / 86_400;
      expect(falseAlarmsPerDay * days).toBeCloseTo(report.expectedFalseAlarms, 10);
      expect(allowed).toBe(falseAlarmsPerDay <= 0.1);
      expect(cutoffs["repetition_count"]).toBe(repetitionCountCutoff(h, alpha));
      expect(cutoffs["adaptive_proportion"]).toBe(adaptiveProportionCutoff(h, 512, alpha));
    }
    expect(cell(result, 3, 20).allowed).toBe(false);
    expect(cell(result, 3, 40).allowed).toBe(true);
  });

  test("a stuck source is found when the repetition count says", () => {
    for (const { h, alpha, detection } of result.cells) {
      const { detected, medianSamples, slowestSamples, by } = detection!.stuck;
      const cutoff = repetitionCountCutoff(h, alpha);
      expect([detected, by]).toEqual([5, "repetition_count"]);
      // The sample before the fault has the value already.
      expect(slowestSamples).toBe(cutoff - 1);
      expect(medianSamples).toBeLessThanOrEqual(cutoff - 1);
    }
  });

  test("a smaller alpha is quieter and slower, a higher claim is quicker", () => {
    for (const h of [3, 5]) {
      const [often, seldom] = [cell(result, h, 20), cell(result, h, 40)];
      expect(seldom.falseAlarmsPerDay).toBeLessThan(often.falseAlarmsPerDay);
      for (const fault of FAULT_NAMES)
        expect(seldom.detection![fault].medianSamples ?? Infinity).toBeGreaterThanOrEqual(
          often.detection![fault].medianSamples ?? Infinity,
        );
    }
    for (const fault of FAULT_NAMES)
      expect(cell(result, 5, 40).detection![fault].medianSamples ?? Infinity).toBeLessThanOrEqual(
        cell(result, 3, 40).detection![fault].medianSamples ?? Infinity,
      );
  });

  test("a correlated source is found about where its right guesses reach the cutoff", () => {
    const { medianSamples, by } = cell(result, 5, 40).detection!.correlated;
    expect(by).toBe("lag_predictor_count");
    // Half of six bits are gone: a guess is right with 1/8, and a few were right before it began.
    const theory = predictorCountCutoff(5, 131_072 - 8, 40) * 8;
    expect(medianSamples).toBeGreaterThan(0.85 * theory);
    expect(medianSamples).toBeLessThan(1.05 * theory);
  });

  test("what was not found in half of the places has no median", async () => {
    const low = cell(await order({ h: [0.5], alpha: [40] }), 0.5, 40);
    expect(low.detection!.biased).toMatchObject({ detected: 0, medianSamples: null, by: null });
  });

  test("a claim that the recording refutes is said to be; one that can never be is as well", async () => {
    const ones = RECORDING.map((symbol) => (symbol < 48 ? 0 : symbol));
    const refuted = cell(await order({ symbols: ones, h: [5], alpha: [40] }), 5, 40);
    expect(refuted.observed.refuted).toBe(true);
    expect(refuted.observed.alarms).toBeGreaterThan(10);
    expect(cell(result, 5, 40).observed).toMatchObject({ alarms: 0, refuted: false });
    const never = cell(await order({ h: [0.05], alpha: [60] }), 0.05, 60);
    expect(never).toMatchObject({ allowed: false, detection: null });
    expect(never.impossible).toContain("can never be reached");
  });

  test("it ends when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(order({ signal })).rejects.toThrow("enough");
  });
});

describe("planted faults", () => {
  const most = mostCommonOf(RECORDING);
  const planted = (fault: (typeof FAULT_NAMES)[number], samples = 50_000) => {
    const symbols = new Uint8Array(samples);
    new PlantedFault(RECORDING, fault, 1000, most, new SeededNoise(SEED)).into(symbols);
    return symbols;
  };

  test("stuck and periodic are what they are called", () => {
    expect(new Set(planted("stuck"))).toEqual(new Set([RECORDING[999]]));
    const periodic = planted("periodic");
    expect(periodic.subarray(0, 8)).toEqual(RECORDING.subarray(992, 1000));
    expect(periodic.every((symbol, at) => at < 8 || symbol === periodic[at - 8])).toBe(true);
  });

  test("biased and correlated: half of the entropy is gone, as 4.5 (b) has it", () => {
    const target = Math.sqrt(most.proportion);
    const biased = planted("biased");
    const share = biased.filter((symbol) => symbol === most.value).length / biased.length;
    expect(share).toBeCloseTo(target, 2);
    const correlated = planted("correlated");
    const same = correlated.filter((symbol, at) => at > 0 && symbol === correlated[at - 1]).length;
    expect(same / correlated.length).toBeCloseTo(target, 2);
  });

  test("of a recording that never changes there is nothing to take", () => {
    expect(shareReplaced({ value: 0, proportion: 1 })).toBe(0);
  });
});

test("bounds of a Poisson count: the tables' 3.00, 4.74 and 15.71", () => {
  expect(poissonUpperBound(0)).toBeCloseTo(2.9957, 3);
  expect(poissonUpperBound(1)).toBeCloseTo(4.7439, 3);
  expect(poissonUpperBound(9)).toBeCloseTo(15.7052, 3);
  expect(poissonTail(0, 5)).toBe(1);
  expect(poissonTail(1, 2)).toBeCloseTo(1 - Math.exp(-2), 10);
});

describe("the page", async () => {
  const result = await order({ h: [0.05, 3, 5], alpha: [20, 60] });
  const html = whatIfPage('<b>"&.bin', "00".repeat(32), result);

  test("needs nothing else, and nothing of a name gets into its markup", () => {
    expect(html).not.toMatch(/<script|<link|src=|url\(|https?:/);
    expect(html).not.toContain("<b>");
    expect(html).toContain("&lt;b&gt;&quot;&amp;.bin");
  });

  test("draws each fault with each claim that can be, and tells all of it as a text too", () => {
    expect(html.match(/<figure>/g)).toHaveLength(4);
    const can = result.cells.filter(({ detection }) => detection !== null).length;
    expect(can).toBeLessThan(result.cells.length);
    expect(html.match(/class="dot/g)).toHaveLength(4 * can);
    expect(html.match(/<title>H /g)).toHaveLength(4 * can);
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
    for (const { text } of tableOf(result).rows.flatMap(({ cells }) => cells))
      if (!/[<&]/.test(text)) expect(html).toContain(text);
  });
});
