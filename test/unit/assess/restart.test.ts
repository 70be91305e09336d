import { describe, expect, test } from "vitest";
import { assessmentOf } from "../../../src/assess/assessment.ts";
import { restartWarnings } from "../../../src/assess/collection.ts";
import { restartFindings } from "../../../src/assess/restart/findings.ts";
import { restartCampaign, type RestartTask } from "../../../src/assess/restart/restart.ts";
import {
  exceedance,
  largestCounts,
  printedCutoff,
  toolCutoff,
  transposed,
} from "../../../src/assess/restart/sanity.ts";
import type { AnyEstimate } from "../../../src/assess/nonIid/nonIid.ts";
import type { SuiteParameters } from "../../../src/assess/suite.ts";
import { fips140Suite } from "../../../src/assess/fips140/suite.ts";
import { restartSuite } from "../../../src/assess/restart/suite.ts";
import { log2BinomialTail } from "../../../src/standard/binomial.ts";
import type { RecordingManifest } from "../../../src/source/recordingManifest.ts";

const PARAMETERS: SuiteParameters = {
  claimedEntropy: 4,
  seed: null,
  constants: null,
  conditioning: null,
};

describe("cutoffs of the sanity check", () => {
  // H_I, by NIST's tool computed exactly, and by the text: iid_conditioning_restart_fips_vectors.json.
  test.each([
    [0.5, 769, 769],
    [1, 572, 570],
    [1.5, 423, 421],
    [2, 316, 312],
    [3, 178, 173],
    [4, 104, 99],
    [5, 63, 58],
    [6, 40, 36],
    [7, 27, 23],
    [7.5, 22, 19],
    [8, 19, 15],
  ])("H_I = %f", (entropy, tool, printed) => {
    expect(toolCutoff(entropy)).toBe(tool);
    expect(printedCutoff(entropy)).toBe(printed);
  });

  test("no entropy to speak of leaves nothing to exceed, and no arithmetic fails", () => {
    expect([toolCutoff(1e-6), printedCutoff(1e-6)]).toEqual([1000, 1000]);
    expect(toolCutoff(0.05)).toBeLessThan(1000);
  });

  // Two symbols only: the larger count is above c when either is, and c >= 500 keeps them apart.
  test.each([0.2, 0.7, 1])("the exact distribution is the binomial's for H = %f", (entropy) => {
    const probability = 2 ** -entropy;
    for (const most of [600, 750, 880]) {
      const either =
        2 ** log2BinomialTail(1000, probability, most + 1) +
        2 ** log2BinomialTail(1000, 1 - probability, most + 1);
      expect(Math.abs(exceedance(entropy, most) - either)).toBeLessThan(1e-11);
    }
  });
});

/** Every symbol is its row's or its column's number, below 250. */
const byRow = Uint8Array.from({ length: 1_000_000 }, (_, at) => Math.floor(at / 1000) % 250);

test("counts are of single rows and single columns, and columns are read in their order", () => {
  expect(largestCounts(byRow)).toEqual({ rows: 1000, columns: 4 });
  const columns = transposed(byRow);
  expect(largestCounts(columns)).toEqual({ rows: 4, columns: 1000 });
  expect([...columns.subarray(998, 1003)]).toEqual([248, 249, 0, 1, 2]);
  expect(transposed(columns)).toEqual(byRow);
});

/** A matrix whose estimates are what is given: the estimators have tests of their own. */
function judge(symbols: Uint8Array, initial: number, hRows: number, hColumns: number) {
  const campaign = restartCampaign({ symbols, bitsPerSymbol: 8 }, initial);
  for (let task = campaign.next(); task !== null; task = campaign.next()) {
    const { direction } = task satisfies RestartTask;
    const minEntropy = direction === "rows" ? hRows : hColumns;
    const part = { estimator: "mostCommonValue", minEntropy, modeCount: 1, pHat: 0, pUpper: 0 };
    expect(campaign.result()).toBeNull();
    campaign.take(task, [part as AnyEstimate]);
  }
  return campaign.result()!;
}

/** Every row and every column has each of 250 symbols 4 times. */
const even = Uint8Array.from({ length: 1_000_000 }, (_, at) => {
  const row = Math.floor(at / 1000);
  return (row + (at % 1000)) % 250;
});

describe("the verdict", () => {
  test("is the least of H_r, H_c and H_I", () => {
    expect(judge(even, 4, 5, 6).assessed).toBe(4);
    expect(judge(even, 4, 3, 6).assessed).toBe(3);
    expect(judge(even, 4, 6, 2.5).assessed).toBe(2.5);
  });

  test("awards nothing below half of H_I, and something at half", () => {
    expect(judge(even, 4, 2, 6)).toMatchObject({ halfReached: true, assessed: 2 });
    const low = judge(even, 4, 6, 1.999);
    expect(low).toMatchObject({ halfReached: false, assessed: null });
    const { minEntropy, passed, summary } = restartFindings(low);
    expect([minEntropy, passed]).toEqual([null, false]);
    expect(summary).toContain("no entropy is awarded: the least of H_r and H_c is below half");
  });

  // 104 of a symbol pass at H_I = 4, 99 by the text.
  test.each([
    [99, true, true],
    [100, true, false],
    [104, true, false],
    [105, false, false],
  ])("%i of one symbol in a column", (count, tool, printed) => {
    const symbols = even.slice();
    for (let row = 0; row < 1000; row++) if (symbols[row * 1000] === 7) symbols[row * 1000] = 8;
    for (let row = 0; row < count; row++) symbols[row * 1000] = 7;
    const result = judge(symbols, 4, 5, 5);
    expect(result.sanity).toMatchObject({
      largestCount: count,
      largestCountColumns: count,
      tool: { cutoff: 104, passed: tool },
      printed: { cutoff: 99, passed: printed },
    });
    expect(result.assessed).toBe(tool ? 4 : null);
    const { warnings } = restartFindings(result);
    expect(warnings.some((text) => text.includes("3.1.4.3 prints"))).toBe(tool && !printed);
  });
});

describe("what is no restart matrix", () => {
  const fault = (length: number, parameters = PARAMETERS, manifest: unknown = null) =>
    restartSuite.fault(
      { symbols: new Uint8Array(length), bitsPerSymbol: 8 },
      parameters,
      manifest as RecordingManifest | null,
    );

  test("has a sample too few or too many, no H_I, or other rows", () => {
    expect(fault(1_000_000)).toBeNull();
    expect(fault(999_999)).toContain("exactly 1,000 x 1,000 samples, and these are 999,999");
    expect(fault(1_000_001)).toContain("capture --restart");
    expect(fault(1_000_000, { ...PARAMETERS, claimedEntropy: null })).toContain("--h");
    expect(fault(1_000_000, PARAMETERS, { samplesPerRestart: 500 })).toContain("500 samples");
    expect(fault(1_000_000, PARAMETERS, { samplesPerRestart: 1000 })).toBeNull();
  });

  test.each([
    ["reset", 0, ""],
    ["reopen", 1, "NO RESTART IN THE STANDARD'S SENSE"],
    ["none", 1, "consecutive samples of one run"],
  ] as const)("manifest: %s", (restart, warnings, text) => {
    const told = restartWarnings({ restart } as RecordingManifest);
    expect(told).toHaveLength(warnings);
    expect(told.join("")).toContain(text);
  });

  test("the report has the warnings, and other suites warn of restarts", () => {
    const manifest = { restart: "reopen", samplesPerRestart: 1000 } as RecordingManifest;
    const samples = { symbols: even, bitsPerSymbol: 8 };
    const file = { name: "x", sha256: "", samples: 1_000_000, bitsPerSample: 8, manifest };
    const circumstances = { atMilliseconds: 0, springhouse: "", node: "" };
    const result = judge(even, 4, 5, 6);
    const { assessment } = assessmentOf(
      restartSuite,
      result,
      samples,
      file,
      PARAMETERS,
      circumstances,
    );
    expect(assessment.warnings[0]).toContain("NO RESTART");
    expect(assessment.command).toBe("springhouse assess x --bits 8 --restart --h 4");
    const campaign = fips140Suite.campaign(samples, PARAMETERS);
    for (let task = campaign.next(); task !== null; task = campaign.next())
      campaign.take(
        task,
        fips140Suite.run(samples, task, () => {}),
      );
    const other = assessmentOf(
      fips140Suite,
      campaign.result(),
      samples,
      file,
      PARAMETERS,
      circumstances,
    );
    expect(other.assessment.warnings[0]).toContain("restarted every 1000 samples");
  });
});
