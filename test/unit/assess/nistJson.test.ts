import { expect, test } from "vitest";
import { assessmentOf, type Assessment } from "../../../src/assess/assessment.ts";
import { conditionedSuite } from "../../../src/assess/conditioned/suite.ts";
import { iidSuite } from "../../../src/assess/iid/suite.ts";
import { nonIidSuite } from "../../../src/assess/nonIid/suite.ts";
import { restartSuite } from "../../../src/assess/restart/suite.ts";
import { nistJson } from "../../../src/assess/nistJson.ts";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import type { Conditioned } from "../../../src/assess/conditioned/conditioned.ts";
import type { Iid } from "../../../src/assess/iid/iid.ts";
import type { Restart } from "../../../src/assess/restart/restart.ts";
import type { Samples } from "../../../src/assess/samples.ts";
import type { SuiteParameters } from "../../../src/assess/suite.ts";
import { loadSuite, SUITE_CARDS, SUITE_NAMES, type AnySuite } from "../../../src/assess/suites.ts";

/*
 * The keys and their order are those that ea_non_iid 1.1.7 wrote with -o for its own files
 * rand1_short.bin, rand8_short.bin and one of zeros; there all figures were equal to 1e-9.
 */

function shapeOf(samples: Samples) {
  const result = nonIid(samples);
  const file = {
    name: "noise.bin",
    sha256: "ab".repeat(32),
    samples: samples.symbols.length,
    bitsPerSample: samples.bitsPerSymbol,
    manifest: null,
  };
  const { assessment } = assessmentOf(
    nonIidSuite,
    result,
    samples,
    file,
    { claimedEntropy: null, seed: null, constants: null, conditioning: null },
    { atMilliseconds: Date.UTC(2026, 10, 7, 5, 4, 3), springhouse: "1.2.3", node: "v24" },
  );
  const shape = JSON.parse(nistJson(assessment)!) as Record<string, unknown> & {
    testCases: Record<string, unknown>[] | null;
  };
  return { shape, result };
}

function noise(count: number, bitsPerSymbol: number): Samples {
  let state = 1;
  const symbols = Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> (32 - bitsPerSymbol);
  });
  return { symbols, bitsPerSymbol };
}

const MCV = ["mcvEstimateMode", "mcvEstimatePHat", "mcvEstimatePU"];

test("bytes: the tool's keys in its order, with the figures of the suite", () => {
  const { shape, result } = shapeOf(noise(10_000, 8));
  const { testCases, ...run } = shape;
  expect(Object.keys(shape).join()).toBe(
    "IID,commandline,dateTimeStamp,errorLevel,filename,sha256,testCases,toolVersion,type",
  );
  expect(run).toMatchObject({
    IID: false,
    dateTimeStamp: "20261107050403",
    errorLevel: 0,
    toolVersion: "springhouse 1.2.3",
    type: "",
  });
  const both = ["hBitstring", "hOriginal", "testCaseDesc"];
  const bits = ["hBitstring", "testCaseDesc"];
  expect(testCases!.map((one) => Object.keys(one))).toEqual([
    ["hBitstring", "hOriginal", ...MCV, "testCaseDesc"],
    bits,
    bits,
    bits,
    ["binTTupleRes", "tTupleRes", "testCaseDesc"],
    ["binLrsRes", "lrsRes", "testCaseDesc"],
    both,
    both,
    both,
    both,
    ["dataWordSize", "hAssessed", "hBitstring", "hOriginal", "testCaseDesc"],
  ]);
  const [mode] = result.literal;
  expect(testCases![0]).toMatchObject({
    hOriginal: mode!.minEntropy,
    hBitstring: result.bitstring![0]!.minEntropy,
    mcvEstimatePHat: (mode as { pHat?: number }).pHat,
  });
  expect(testCases!.at(-1)).toMatchObject({ dataWordSize: 8, hAssessed: result.assessed });
});

test("bits have no bitstring, and what was not run has no key", () => {
  const { shape } = shapeOf(noise(1200, 1));
  const keys = shape.testCases!.map((one) => Object.keys(one).join());
  expect(keys.slice(0, 4)).toEqual([
    `hOriginal,${MCV.join()},testCaseDesc`,
    "hOriginal,testCaseDesc",
    "hOriginal,testCaseDesc",
    "testCaseDesc", // 200 blocks of 6 bits: too few for compression.
  ]);
  expect(keys[4]).toBe("tTupleRes,testCaseDesc");
  expect(keys.at(-1)).toBe("dataWordSize,hAssessed,hOriginal,testCaseDesc");
});

test("where all symbols are the same there is an error and no case", () => {
  const { shape } = shapeOf({ symbols: new Uint8Array(5000), bitsPerSymbol: 8 });
  expect(shape).toMatchObject({
    errorLevel: -1,
    errorMessage: expect.stringContaining("same"),
    testCases: null,
  });
});

function written(suite: AnySuite, result: unknown, samples: Samples, parameters = PARAMETERS) {
  const file = {
    name: "noise.bin",
    sha256: "ab".repeat(32),
    samples: samples.symbols.length,
    bitsPerSample: samples.bitsPerSymbol,
    manifest: null,
  };
  const { assessment } = assessmentOf(suite, result, samples, file, parameters, {
    atMilliseconds: 0,
    springhouse: "1.2.3",
    node: "v24",
  });
  return JSON.parse(nistJson(assessment)!);
}

const PARAMETERS: SuiteParameters = {
  claimedEntropy: null,
  seed: null,
  constants: null,
  conditioning: null,
};

/** A suite in this thread. */
function run(suite: AnySuite, samples: Samples, parameters: SuiteParameters): unknown {
  const campaign = suite.campaign(samples, parameters);
  for (let task = campaign.next(); task !== null; task = campaign.next())
    campaign.take(
      task,
      suite.run(samples, task, () => {}),
    );
  return campaign.result();
}

/*
 * As ea_iid -o wrote it for rand4_short.bin, ea_non_iid -c -o for that and ea_restart -n -o for
 * biased-random-bits.bin with H_I = 0.017 and 0.9, all 1.1.7.
 */
test("the IID track: one case, the counts of its permutations by the tool's names", () => {
  const samples = noise(2000, 4);
  const parameters = { ...PARAMETERS, seed: "00".repeat(32) };
  const result = run(iidSuite, samples, parameters) as Iid;
  expect(result.passed).toBe(true);
  const shape = written(iidSuite, result, samples, parameters);
  expect(shape).toMatchObject({ IID: true, errorLevel: 0, type: "" });
  const [only] = shape.testCases;
  expect(Object.keys(only).join()).toBe(
    "hAssessed,hBitstring,hOriginal,mean,median,passedChiSquareTests,passedIidPermutationTests,passedLongestRepeatedSubstringTest,permutationTestResults,testCaseDesc",
  );
  expect(only.hAssessed).toBe(result.assessed);
  const counts = only.permutationTestResults as Record<string, number>[];
  expect(Object.keys(counts[0]!).join()).toBe(
    "avgCollision,compression,covariance1,covariance16,covariance2,covariance32,covariance8,excursion,iteration,lenDirectionalRuns,lenRunsMedian,maxCollision,numDirectionalRuns,numIncreasesDecreases,numRunsMedian,periodicity1,periodicity16,periodicity2,periodicity32,periodicity8",
  );
  const { c0, c1, c2 } = result.permutation.find(({ statistic }) => statistic === "medianRuns")!;
  expect(counts.map(({ numRunsMedian }) => numRunsMedian)).toEqual([c0, c1, c2]);
  expect(counts.map(({ iteration }) => iteration)).toEqual([0, 1, 2]);

  // Failed before compression was run: no figure of entropy, and no counts of what was not run.
  const permutation = result.permutation.map((each) => ({
    ...each,
    ...(each.statistic === "excursion" ? { passed: false } : {}),
    ...(each.statistic === "compression" ? { c0: 0, c1: 0, c2: 0, passed: null } : {}),
  }));
  const failed = { ...result, passed: false, assessed: null, permutation };
  const [other] = written(iidSuite, failed, samples, parameters).testCases;
  expect(other).toMatchObject({ passedIidPermutationTests: false, passedChiSquareTests: true });
  expect(other).not.toHaveProperty("hAssessed");
  expect(other.permutationTestResults[0]).not.toHaveProperty("compression");
});

test("conditioned data: figures of the bits alone, and an error where all are the same", () => {
  const samples = noise(3000, 4);
  const result = run(conditionedSuite, samples, PARAMETERS) as Conditioned;
  const { testCases, ...shape } = written(conditionedSuite, result, samples);
  expect(shape).toMatchObject({ IID: false, errorLevel: 0, type: "" });
  expect(testCases.map((one: object) => Object.keys(one).join())).toEqual([
    `hBitstring,${MCV.join()},testCaseDesc`,
    ...Array.from({ length: 3 }, () => "hBitstring,testCaseDesc"),
    "binTTupleRes,testCaseDesc",
    "binLrsRes,testCaseDesc",
    ...Array.from({ length: 4 }, () => "hBitstring,testCaseDesc"),
    "dataWordSize,hAssessed,hBitstring,testCaseDesc",
  ]);
  expect(testCases.at(-1)).toMatchObject({ hAssessed: 4 * result.hPrime, dataWordSize: 4 });
  const same = { symbols: new Uint8Array(2000), bitsPerSymbol: 8 };
  const nothing = run(conditionedSuite, same, PARAMETERS);
  expect(written(conditionedSuite, nothing, same)).toMatchObject({
    errorLevel: -1,
    testCases: null,
  });
});

test("a restart matrix: rows and columns of each estimator, or why no entropy is awarded", () => {
  const samples = noise(8000, 1);
  const { literal } = nonIid(samples);
  const rule = { alpha: 0.01, cutoff: 700, passed: true };
  const sanity = {
    largestCount: 600,
    largestCountRows: 600,
    largestCountColumns: 590,
    tool: rule,
    printed: { ...rule, falseAlarmProbability: 0.01 },
  };
  const result: Restart = {
    bitsPerSymbol: 1,
    alphabet: 2,
    initialEntropy: 0.5,
    sanity,
    rows: literal,
    columns: literal,
    hRows: 0.8,
    hColumns: 0.9,
    halfReached: true,
    assessed: 0.5,
  };
  const parameters = { ...PARAMETERS, claimedEntropy: 0.5 };
  const shapeOfRestart = (changed: Partial<Restart>) =>
    written(restartSuite, { ...result, ...changed }, samples, parameters);
  const passed = shapeOfRestart({});
  expect(passed).toMatchObject({ IID: false, errorLevel: 0, type: "Restart" });
  expect(passed.testCases).toHaveLength(11);
  expect(Object.keys(passed.testCases[0]).join()).toBe("dataWordSize,h_c,h_r,testCaseDesc");
  expect(Object.entries(passed.testCases.at(-1)).join(" ")).toBe(
    "h_c,0.9 h_i,0.5 h_r,0.8 testCaseDesc,Overall",
  );
  const tool = { ...rule, passed: false };
  expect(shapeOfRestart({ sanity: { ...sanity, tool }, assessed: null })).toMatchObject({
    errorLevel: -1,
    errorMessage: "Restart Sanity Check Failed.",
    testCases: null,
  });
  const half = shapeOfRestart({ halfReached: false, assessed: null });
  expect(half.errorMessage).toMatch(/^min\(H_r, H_c\) < H_I\/2/);
  expect(half.testCases).toHaveLength(10);
});

test("what NIST's tool does not run has no shape, and the cards say so before", () => {
  const shapeless = SUITE_NAMES.filter((suite) => !SUITE_CARDS[suite].hasNistShape);
  expect(shapeless).toEqual(["sp800-22", "fips140-2", "ais31", "ais20-31-v3"]);
  for (const suite of shapeless) expect(nistJson({ suite } as Assessment)).toBeNull();
});

test("every suite is loaded by its own name", async () => {
  for (const name of SUITE_NAMES) expect((await loadSuite(name)).name).toBe(name);
});
