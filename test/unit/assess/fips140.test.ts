import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { basicTests } from "../../../src/assess/ais31/basicTests.ts";
import { binomialUpperTail } from "../../../src/assess/fips140/binomial.ts";
import {
  countBlock,
  fips140Block,
  FIPS_140_2,
  isMonobitPassed,
  isRunsPassed,
} from "../../../src/assess/fips140/block.ts";
import { fips140, fips140Campaign, runFips140Task } from "../../../src/assess/fips140/fips140.ts";
import { bitsOf } from "../../../src/assess/samples.ts";

const VECTORS = new URL("../../../../shared/vectors/", import.meta.url).pathname;
const FILE = `${VECTORS}iid_conditioning_restart_fips_vectors.json`;

/** SHA-256 in counter mode. */
function stream(label: string, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, counter) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    return createHash("sha256").update(label).update(number).digest();
  });
  return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
}
const noise = (bytes: number) => ({ symbols: stream("fips140", bytes), bitsPerSymbol: 8 });

test.skipIf(!existsSync(FILE))("the published block (needs ../shared/vectors)", () => {
  const { fips140_ais31_example: example } = JSON.parse(readFileSync(FILE, "utf8")) as {
    fips140_ais31_example: Record<string, unknown>;
  };
  const symbols = stream("rbg-fips140", 2500);
  const block = fips140Block(bitsOf({ symbols, bitsPerSymbol: 8 }));
  expect(block).toMatchObject({
    ones: example.ones,
    pokerSquares: example.poker_sum_sq,
    runsOfZeros: example.runs0,
    runsOfOnes: example.runs1,
    longestRun: example.longest_run,
    failed: [],
  });
  expect(Math.abs(block.poker - (example.poker_X as number))).toBeLessThan(1e-9);
  const { shift, unequal } = basicTests(bitsOf({ symbols, bitsPerSymbol: 8 }));
  expect([shift, unequal]).toEqual([example.ais31_T5_tau, example.ais31_T5_Z_second_half]);
});

describe("limits", () => {
  test("monobit passes strictly between them", () => {
    const isPassed = (ones: number) => isMonobitPassed(ones, FIPS_140_2);
    expect([9725, 9726, 10_274, 10_275].map(isPassed)).toEqual([false, true, true, false]);
  });

  test("runs pass at both ends, each length by itself", () => {
    const middle = [2500, 1250, 625, 312, 156, 156];
    expect(isRunsPassed(middle, FIPS_140_2)).toBe(true);
    for (const [length, [low, high]] of FIPS_140_2.runs.entries()) {
      const withCount = (count: number) => isRunsPassed(middle.with(length, count), FIPS_140_2);
      expect([low - 1, low, high, high + 1].map(withCount)).toEqual([false, true, true, false]);
    }
  });

  /** Every nibble as often as `counts` says. */
  const blockOfNibbles = (counts: readonly number[]): Uint8Array =>
    Uint8Array.from(
      counts.flatMap((count, nibble) =>
        Array.from({ length: count }, () => [3, 2, 1, 0].map((bit) => (nibble >> bit) & 1)).flat(),
      ),
    );

  test("poker passes at the whole numbers of its limits", () => {
    // 5,000 = 16 x 312.5; counts 312.5 +- d with sum d = 0 have squares 1,562,500 + sum d^2.
    const squares = (spread: readonly number[]) => {
      const counts = Array.from({ length: 16 }, (_, nibble) => 312.5 + spread[nibble]!);
      const { pokerSquares, failed } = fips140Block(blockOfNibbles(counts));
      return [pokerSquares, failed.includes("poker")];
    };
    const half = (nibble: number) => (nibble % 2 === 0 ? 0.5 : -0.5);
    const flat = Array.from({ length: 16 }, (_, nibble) => half(nibble));
    const withPairs = (...pairs: number[]) =>
      flat.map((value, nibble) =>
        nibble >> 1 < pairs.length ? Math.sign(value) * pairs[nibble >> 1]! : value,
      );
    expect(squares(flat)).toEqual([1_562_504, true]);
    // Each pair adds 2 n (n + 1), n = a - 1/2: 672 = 2 (17 x 18 + 5 x 6), and 4 more and 4 less.
    expect(squares(withPairs(17.5, 5.5, 1.5))).toEqual([1_563_180, false]);
    expect(squares(withPairs(17.5, 5.5))).toEqual([1_563_176, false]);
    expect(squares(withPairs(17.5, 4.5, 2.5, 1.5))).toEqual([1_563_172, true]);
    // 14,424 = 2 x 7,212 = 2 x (84 x 85 + 8 x 9).
    expect(squares(withPairs(84.5, 8.5))).toEqual([1_576_928, false]);
    expect(squares(withPairs(84.5, 8.5, 1.5))).toEqual([1_576_932, true]);
  });

  test("a run of 26 fails, at the end of the block as well; 25 do not", () => {
    const withRun = (length: number, at: number) => {
      const bits = Uint8Array.from({ length: 20_000 }, (_, index) => index % 2);
      bits.fill(1, at, at + length);
      return fips140Block(bits);
    };
    // Bit 101 is a one by itself.
    expect(withRun(25, 101).longestRun).toBe(25);
    expect(withRun(25, 101).failed).not.toContain("longRun");
    expect(withRun(27, 101).failed).toContain("longRun");
    expect(withRun(25, 19_975).failed).not.toContain("longRun");
    expect(withRun(26, 19_974).longestRun).toBe(27);
    const zeros = new Uint8Array(20_000);
    expect(countBlock(zeros)).toMatchObject({
      longestRun: 20_000,
      runsOfZeros: [0, 0, 0, 0, 0, 1],
    });
  });

  test("a repeated word fails, over the border of two blocks too", () => {
    const bits = bitsOf(noise(5000));
    expect(fips140Block(bits).repeatedWords).toBe(0);
    bits.copyWithin(19_968 + 32, 19_968, 20_000);
    expect(fips140Block(bits, 0).repeatedWords).toBe(0);
    const second = fips140Block(bits, 20_000);
    expect(second.repeatedWords).toBe(1);
    expect(second.failed).toContain("continuousRun");
  });
});

test("a block is 20,000 bits", () => {
  expect(() => countBlock(new Uint8Array(19_999))).toThrow(RangeError);
  expect(() => countBlock(new Uint8Array(20_000), 1)).toThrow(RangeError);
});

describe("many blocks", () => {
  test("noise passes, whatever the order of the tasks", () => {
    const samples = noise(2500 * 600 + 7);
    const result = fips140(samples);
    expect(result).toMatchObject({ verdict: "passed", blocks: 600, unusedBits: 56 });
    const campaign = fips140Campaign(samples);
    const tasks = [];
    for (let task = campaign.next(); task; task = campaign.next()) tasks.push(task);
    expect(tasks.length).toBe(3);
    for (const task of tasks.toReversed()) {
      expect(campaign.result()).toBeNull();
      campaign.take(task, runFips140Task(samples, task));
    }
    expect(campaign.result()).toEqual(result);
    expect(structuredClone(result)).toEqual(JSON.parse(JSON.stringify(result)));
  });

  test("skipping the first word moves every block by 32 bits and keeps the word to compare with", () => {
    const samples = noise(2500 + 4);
    samples.symbols.copyWithin(4, 0, 4);
    const skipped = fips140(samples, { skipFirstWord: true });
    expect(skipped).toMatchObject({ blocks: 1, unusedBits: 0, failures: { continuousRun: 1 } });
    const wide = { symbols: bitsOf(samples), bitsPerSymbol: 1 };
    expect(fips140(wide, { skipFirstWord: true })).toEqual(skipped);
  });

  test("too little is not applicable, with what is needed", () => {
    const result = fips140(noise(2499));
    expect(result).toMatchObject({ verdict: "notApplicable", blocks: 0, pValue: null });
    expect(result.notApplicable).toBe("needs 20000 bits, there are 19992");
    const skipped = fips140(noise(2500), { skipFirstWord: true });
    expect(skipped.notApplicable).toBe("needs 20032 bits, there are 20000");
    expect(fips140(noise(0)).verdict).toBe("notApplicable");
  });

  test("a dead source fails everything, and the first hundred blocks are told", () => {
    const samples = { symbols: new Uint8Array(2500 * 300), bitsPerSymbol: 8 };
    const campaign = fips140Campaign(samples);
    const [first, second] = [campaign.next()!, campaign.next()!];
    for (const task of [second, first]) campaign.take(task, runFips140Task(samples, task));
    const result = campaign.result()!;
    expect(result).toMatchObject({ verdict: "failed", failedBlocks: 300 });
    // The very first block has no word before it, but repeats its own.
    expect(Object.values(result.failures)).toEqual([300, 300, 300, 300, 300]);
    const told = result.firstFailedBlocks.map(({ block }) => block);
    expect(told).toEqual(Array.from({ length: 100 }, (_, block) => block));
  });
});

test("the binomial tail (computed exactly elsewhere)", () => {
  const near = (value: number, expected: number) =>
    expect(Math.abs(value / expected - 1)).toBeLessThan(1e-10);
  near(binomialUpperTail(3, 10, 0.1), 0.0701908264);
  near(binomialUpperTail(1, 10, 0.5), 1 - 2 ** -10);
  near(binomialUpperTail(10, 10, 0.5), 2 ** -10);
  expect([binomialUpperTail(0, 5, 0.1), binomialUpperTail(6, 5, 0.1)]).toEqual([1, 0]);
});
