import { describe, expect, test } from "vitest";
import { iidFindings } from "../../../src/assess/iid/findings.ts";
import { runSuite } from "../../../src/assess/runSuite.ts";
import { holdIidFile, noise, run, SEED } from "./iid.ts";
import { hasVectors } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each(["nist90b/biased-random-bytes", "nist90b/biased-random-bits"])(
    "%s, a million symbols",
    (name) => holdIidFile(name),
    60_000,
  );
});

test("compression is looked at only when nothing has failed", () => {
  const { symbols } = noise(400, 2);
  const sorted = { symbols: symbols.sort(), bitsPerSymbol: 2 };
  const { result, given } = run(sorted, SEED, 2);
  expect(result).toMatchObject({ passed: false, assessed: null });
  expect(result.permutation.at(-1)).toMatchObject({ c0: 0, c1: 0, c2: 0, passed: null });
  expect(result.permutation[0]).toMatchObject({ statistic: "excursion", passed: false });
  expect(given.some((task) => "wanted" in task && task.wanted.includes("compression"))).toBe(false);
  const findings = iidFindings(result, sorted, {
    claimedEntropy: null,
    seed: SEED,
    constants: null,
    conditioning: null,
  });
  expect(findings).toMatchObject({ minEntropy: null, passed: false });
  expect(findings.summary).toMatch(/^not IID.*excursion.*failed$/);
  expect(findings.warnings).toContain("compression left open: the verdict is certain without");
});

describe("on threads", () => {
  const samples = noise(4000, 3, 5);
  const order = {
    suite: "sp800-90b-iid",
    samples,
    parameters: { claimedEntropy: null, seed: SEED, constants: null, conditioning: null },
    threads: 3,
    niceness: 5,
    signal: new AbortController().signal,
    progress: () => {},
  } as const;

  test("it is the same as on one", async () => {
    expect(await runSuite(order)).toEqual(run(samples, SEED).result);
  });

  test("time that has run out leaves figures and no verdict; another suite has no result", async () => {
    const expiry = AbortSignal.abort(new Error("time is up"));
    const result = await runSuite({ ...order, expiry });
    expect(result).toMatchObject({ passed: null, assessed: null, samples: 4000 });
    const other = { ...order, suite: "sp800-90b-non-iid", expiry } as const;
    await expect(runSuite(other)).rejects.toThrow("time is up");
  });
});
