import { describe, expect, test } from "vitest";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import { runNonIid } from "../../../src/assess/runNonIid.ts";
import { hasVectors, holdGeneratedSets, holdFile } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each([
    "nist90b/normal",
    "nist90b/biased-random-bytes",
    "nist90b/biased-random-bits",
    "captures/infnoise_raw",
  ])("%s, a million symbols", (name) => holdFile(name), 60_000);
  test("generated sets of a million samples", () => holdGeneratedSets(1_000_000), 120_000);
});

describe("on threads", () => {
  const symbols = new Uint8Array(new SharedArrayBuffer(20_000));
  for (let at = 0; at < symbols.length; at++) symbols[at] = (at * at * 7 + (at >> 3)) & 15;
  const samples = { symbols, bitsPerSymbol: 4 };

  test("it is the same, told estimate by estimate", async () => {
    const told: string[] = [];
    const result = await runNonIid(samples, new AbortController().signal, (part, { estimator }) =>
      told.push(`${part} ${estimator}`),
    );
    expect(result).toEqual(nonIid(samples));
    expect(new Set(told).size).toBe(17);
    expect(told).toHaveLength(17);
  });

  test("it ends with its signal", async () => {
    const stop = new AbortController();
    const running = runNonIid(samples, stop.signal);
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect(runNonIid(samples, stop.signal)).rejects.toThrow("enough");
  });
});
