import { describe, expect, test } from "vitest";
import { benjaminiHochberg, holm } from "../../../src/assess/special/multiplicity.ts";
import type { StsOutcome } from "../../../src/assess/sts/outcome.ts";
import { binomialTail, passProportion, uniformity } from "../../../src/assess/sts/secondLevel.ts";
import {
  runStsTask,
  stsCampaign,
  type StsOptions,
  type StsPart,
  type StsTask,
} from "../../../src/assess/sts/stsCampaign.ts";
import { summaryOf, type Sts } from "../../../src/assess/sts/summary.ts";
import { stsStream } from "../../../src/assess/sts/stream.ts";
import type { Samples } from "../../../src/assess/samples.ts";
import { noiseBits } from "./sts.ts";

const near = (found: readonly number[], expected: readonly number[]): void => {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 12);
};

describe("many tests at once", () => {
  const pValues = [0.04, 0.01, 0.03, 0.005];

  test("Holm, by hand", () => {
    // In order 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1, which is not less than the one before.
    near(holm(pValues), [0.06, 0.03, 0.06, 0.02]);
    near(holm([0.5, 0.9]), [1, 1]);
    near(holm([0.2, 0.2]), [0.4, 0.4]);
    expect(holm([])).toEqual([]);
  });

  test("Benjamini and Hochberg, by hand", () => {
    // In order 0.005 x 4/1, 0.01 x 4/2, 0.03 x 4/3, 0.04 x 4/4.
    near(benjaminiHochberg(pValues), [0.04, 0.02, 0.04, 0.02]);
    // 0.041 x 4/3 is more than what comes after it, 0.042 x 4/4.
    near(benjaminiHochberg([0.01, 0.04, 0.041, 0.042]), [0.04, 0.042, 0.042, 0.042]);
    near(benjaminiHochberg([1, 1]), [1, 1]);
    expect(benjaminiHochberg([])).toEqual([]);
  });

  test("the share that passes (4.2.1)", () => {
    // The standard's example: 1000 streams, 0.99 -+ 0.0094392.
    const { interval, within, proportion } = passProportion(1000, 980, 0.01);
    near(interval, [0.99 - 0.00943927963353136, 0.99 + 0.00943927963353136]);
    expect([proportion, within]).toEqual([0.98, false]);
    expect(passProportion(1000, 981, 0.01).within).toBe(true);
    expect(passProportion(1, 1, 0.01)).toMatchObject({ within: true, pValue: 1 });
    expect(passProportion(1, 0, 0.01).pValue).toBeCloseTo(0.01, 12);
    expect(binomialTail(2, 3, 0.5)).toBeCloseTo(0.5, 12);
    expect(binomialTail(3, 1000, 0.01)).toBeCloseTo(0.997321, 5);
  });

  test("uniformity (4.2.2) from 55 streams on", () => {
    const even = Array.from({ length: 60 }, (_, at) => (at + 0.5) / 60);
    expect(uniformity(even)).toBe(1);
    expect(uniformity(even.slice(0, 54))).toBeNull();
    expect(uniformity(even.slice(0, 55))).toBeGreaterThan(0.4);
    // All in one bin: chi-square 540, and 1 belongs to the last bin.
    expect(uniformity(even.map(() => 1))).toBeLessThan(1e-100);
  });
});

const BITS = 20_000;
const noise = (count: number): Samples => ({ symbols: noiseBits(3, count), bitsPerSymbol: 1 });

/** @param order which of the tasks given out comes in next */
function runCampaign(
  samples: Samples,
  options: StsOptions,
  order: (left: number) => number = () => 0,
): Sts {
  const campaign = stsCampaign(samples, options);
  const out: StsTask[] = [];
  for (;;) {
    const task = campaign.next();
    if (task) out.push(task);
    else break;
  }
  while (out.length > 0) {
    expect(campaign.result()).toBeNull();
    const [task] = out.splice(order(out.length), 1);
    // As between threads.
    campaign.take(task!, structuredClone(runStsTask(samples, structuredClone(task!))));
  }
  return campaign.result()!;
}

describe("a campaign", () => {
  const options = { bitsPerStream: BITS };
  const samples = noise(5 * BITS + 1);

  test("is the same in any order, and its result is plain data", () => {
    const result = runCampaign(samples, options);
    expect(runCampaign(samples, options, (left) => left - 1)).toEqual(result);
    expect(runCampaign(samples, options, (left) => left >> 1)).toEqual(result);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(result).toMatchObject({
      edition: "SP 800-22 r1a",
      verdict: "passed",
      escalations: [],
      parameters: { bitsPerStream: BITS, streams: 5, constants: "text", alpha: 0.01 },
    });
    expect(result.label).toContain("no evidence of entropy");
    expect(result.remarks.join()).toContain("55 streams, there are 5");
  });

  test("each stream is its own bits, of symbols of any width", () => {
    const bits = noiseBits(9, 3 * 1001 + 2);
    const symbols = Uint8Array.from({ length: bits.length / 5 }, (_, at) =>
      Number.parseInt(bits.subarray(5 * at, 5 * at + 5).join(""), 2),
    );
    const wide = { symbols, bitsPerSymbol: 5 };
    for (const stream of [0, 1, 2]) {
      const task = { stream, bitsPerStream: 1001, constants: "text" } as const;
      const expected = stsStream(bits.subarray(1001 * stream, 1001 * (stream + 1)));
      expect(runStsTask(wide, task).outcomes).toEqual(expected);
    }
  });

  test("says how far it is, and takes each stream once", () => {
    const campaign = stsCampaign(samples, options);
    const task = campaign.next()!;
    expect(campaign.progress()).toBe("0 of 5 streams");
    const part = runStsTask(samples, task);
    campaign.take(task, part);
    expect(campaign.progress()).toBe("1 of 5 streams");
    expect(() => campaign.take(task, part)).toThrow("in already");
    expect(() => campaign.take({ ...task, stream: 1 }, part)).toThrow("not given out");
  });

  test("tests that cannot run have a reason and no figure", () => {
    const { series, notApplicable, constants } = runCampaign(samples, options);
    const names = new Set(series.map((one) => one.test));
    expect(names).toEqual(
      new Set(["frequency", "block-frequency", "runs", "longest-run", "dft", "cumulative-sums"]),
    );
    expect(notApplicable).toHaveLength(9);
    expect(notApplicable).toContainEqual({
      test: "serial",
      reason: "needs at least 524288 bits, the stream has 20000",
      streams: [0, 1, 2, 3, 4],
    });
    expect(constants).toMatchObject([{ test: "longest-run", used: "text", other: "program" }]);
  });

  test.each([
    [BITS - 1, {}, "1 streams of 20000 bits are needed, the samples hold 19999 bits"],
    [BITS, { streams: 2 }, "2 streams of 20000 bits are needed, the samples hold 20000 bits"],
    [0, {}, "1 streams of 20000 bits are needed, the samples hold 0 bits"],
  ])("%i bits are too few", (count, more, reason) => {
    const campaign = stsCampaign(noise(count), { ...options, ...more });
    expect(campaign.next()).toBeNull();
    expect(campaign.result()).toMatchObject({
      verdict: "not-applicable",
      reasons: [reason],
      series: [],
    });
  });

  test("streams too short for any test", () => {
    const result = runCampaign(noise(300), { bitsPerStream: 99 });
    expect(result).toMatchObject({ verdict: "not-applicable", series: [], escalations: [] });
    expect(result.notApplicable).toHaveLength(15);
  });

  test("parameters that are none", () => {
    for (const wrong of [{ bitsPerStream: 0 }, { streams: 0 }, { streams: 1.5 }, { alpha: 1 }])
      expect(() => stsCampaign(samples, wrong)).toThrow(RangeError);
    expect(() => stsCampaign(samples, { bitsPerStream: NaN })).toThrow(RangeError);
  });

  test("one bad stream among good ones escalates", () => {
    const symbols = noiseBits(3, 5 * BITS);
    symbols.fill(0, 2 * BITS, 3 * BITS);
    const result = runCampaign({ symbols, bitsPerSymbol: 1 }, options);
    expect(result.verdict).toBe("escalated");
    expect(new Set(result.escalations.map(({ stream }) => stream))).toEqual(new Set([2]));
    // Set to 0 by the standard without a calculation: it fails, and is no p-value to correct.
    const runs = result.series.find((one) => one.test === "runs")!;
    expect(runs.pValues[2]).toBe(0);
    expect(runs.proportion.passed).toBeLessThan(5);
    expect(result.escalations.map((point) => point.test)).not.toContain("runs");
  });
});

/** Streams that have one p-value each. */
function summaryFor(pValues: readonly number[], alpha = 0.01): Sts {
  const parts = pValues.map((pValue): StsPart => {
    const outcome: StsOutcome = {
      test: "frequency",
      applies: true,
      parameters: {},
      results: [{ label: "", pValue, statistic: 0 }],
    };
    return { outcomes: [outcome] };
  });
  return summaryOf(
    { bitsPerStream: 100, streams: pValues.length, constants: "text", alpha },
    parts.map(({ outcomes }) => outcomes),
  );
}

describe("the verdict", () => {
  const even = Array.from({ length: 60 }, (_, at) => (at + 0.5) / 60);

  test("p below 1e-10 escalates, and 1e-10 does not, whatever alpha", () => {
    for (const alpha of [0.01, 1e-12]) {
      const below = summaryFor([0.5, 9.9e-11], alpha);
      expect(below.verdict).toBe("escalated");
      expect(below.escalations).toEqual([
        { test: "frequency", label: "", stream: 1, pValue: 9.9e-11 },
      ]);
      expect(summaryFor([0.5, 1e-10], alpha).escalations).toEqual([]);
    }
    expect(summaryFor([0.5, 1e-10], 1e-12).verdict).toBe("passed");
  });

  test("what Holm rejects fails, with its reason", () => {
    const result = summaryFor([0.5, 0.004]);
    expect(result).toMatchObject({
      verdict: "failed",
      reasons: ["Holm rejects 1 of 2 p-values at 0.01"],
      holm: { pValues: 2, level: 0.01, rejected: [{ stream: 1, adjusted: 0.008 }] },
      benjaminiHochberg: { rejected: [{ stream: 1, adjusted: 0.008 }] },
    });
    expect(summaryFor([0.5, 0.006]).verdict).toBe("passed");
  });

  test("failures too many, each of them small, fail", () => {
    const result = summaryFor(even.map((pValue, at) => (at < 6 ? 0.009 : pValue)));
    expect(result.holm.rejected).toEqual([]);
    expect(result.verdict).toBe("failed");
    expect(result.reasons.join()).toMatch(/^frequency: too few streams pass \(adjusted/);
  });

  test("p-values that are not uniform fail, from 55 on", () => {
    expect(summaryFor(even).verdict).toBe("passed");
    expect(summaryFor(even.map((pValue) => pValue / 2 + 0.5)).reasons.join()).toContain(
      "frequency: p-values are not uniform",
    );
    expect(summaryFor(Array.from({ length: 54 }, () => 0.75)).verdict).toBe("passed");
  });
});
