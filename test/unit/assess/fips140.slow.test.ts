import { spawnSync } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fips140 } from "../../../src/assess/fips140/fips140.ts";

/** AES in counter mode: the same bytes in every run. */
function noise(bytes: number): Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 3), Buffer.alloc(16));
  return new Uint8Array(cipher.update(Buffer.alloc(bytes)));
}

const hasRngtest = !spawnSync("rngtest", ["--version"]).error;

describe.skipIf(!hasRngtest)("as rngtest (needs the package rng-tools-debian)", () => {
  const biased = noise(600_000).map((byte, at) => byte | (at % 37 === 0 ? 1 : 0));
  const stuck = noise(100_000);
  stuck.fill(0xff, 40_000, 40_004);
  stuck.copyWithin(50_004, 50_000, 50_004);
  test.each([
    ["noise", noise(10_000_000)],
    ["biased", biased],
    ["stuck for a moment", stuck],
    ["dead", new Uint8Array(10_004)],
  ])("%s", (_, symbols) => {
    const { stderr } = spawnSync("rngtest", { input: symbols, encoding: "utf8" });
    const told = (name: string) => Number(new RegExp(`${name}: (\\d+)\n`).exec(stderr)?.[1]);
    const { blocks, failedBlocks, failures } = fips140(
      { symbols, bitsPerSymbol: 8 },
      { skipFirstWord: true },
    );
    expect(blocks - failedBlocks).toBe(told("successes"));
    expect(failedBlocks).toBe(told("failures"));
    expect(failures).toEqual({
      monobit: told("Monobit"),
      poker: told("Poker"),
      runs: told("Runs"),
      longRun: told("Long run"),
      continuousRun: told("Continuous run"),
    });
  });
});

test("40,000 blocks of noise fail as often as is expected", () => {
  const { failedBlocks, expectedFailureShare, blocks, verdict } = fips140({
    symbols: noise(100_000_000),
    bitsPerSymbol: 8,
  });
  const expected = blocks * expectedFailureShare;
  expect(Math.abs(failedBlocks - expected)).toBeLessThan(4 * Math.sqrt(expected));
  expect(verdict).toBe("passed");
});
