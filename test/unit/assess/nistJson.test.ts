import { expect, test } from "vitest";
import { assessmentOf } from "../../../src/assess/assessment.ts";
import { hasNistShape, nistJson } from "../../../src/assess/nistJson.ts";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import type { Samples } from "../../../src/assess/samples.ts";

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
    "sp800-90b-non-iid",
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

test("what NIST's tool does not run has no shape", () => {
  expect(hasNistShape("sp800-90b-non-iid")).toBe(true);
  for (const suite of ["sp800-22", "fips140-2", "ais31", "ais20-31-v3"] as const)
    expect(hasNistShape(suite)).toBe(false);
});
