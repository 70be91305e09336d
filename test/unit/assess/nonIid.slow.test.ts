import { describe, expect, test } from "vitest";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import { runSuite } from "../../../src/assess/runSuite.ts";
import { hasVectors, holdGeneratedSets, holdFile } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each([
    "nist90b/normal",
    "nist90b/biased-random-bytes",
    "nist90b/biased-random-bits",
    "captures/infnoise_raw",
  ])("%s, a million symbols", (name) => holdFile(name), 240_000);
  test("generated sets of a million samples", () => holdGeneratedSets(1_000_000), 480_000);
});

describe("on threads", () => {
  const symbols = new Uint8Array(new SharedArrayBuffer(20_000));
  for (let at = 0; at < symbols.length; at++) symbols[at] = (at * at * 7 + (at >> 3)) & 15;
  const samples = { symbols, bitsPerSymbol: 4 };

  const run = (signal: AbortSignal, progress: (text: string) => void = () => {}) =>
    runSuite({
      suite: "sp800-90b-non-iid",
      samples,
      parameters: { claimedEntropy: null, seed: null, constants: null, conditioning: null },
      threads: 2,
      niceness: 5,
      signal,
      progress,
    });

  test("it is the same, told estimate by estimate", async () => {
    const told: string[] = [];
    const result = await run(new AbortController().signal, (text) => told.push(text));
    expect(result).toEqual(nonIid(samples));
    expect(told.filter((text) => / of the (symbols|bits)$/.test(text))).toHaveLength(17);
    expect(told.at(-1)).toBe("4 of 4 parts estimated");
  });

  test("it ends with its signal", async () => {
    const stop = new AbortController();
    const running = run(stop.signal);
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect(run(stop.signal)).rejects.toThrow("enough");
  });
});
