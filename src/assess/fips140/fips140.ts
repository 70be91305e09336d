import type { Campaign } from "../campaign.ts";
import { bitsOf, type Samples } from "../samples.ts";
import { binomialUpperTail } from "./binomial.ts";
import { BLOCK_BITS, fips140Block, type FipsBlock, type FipsTest } from "./block.ts";

/**
 * How often a block of a perfect source fails. The parts that can be computed: monobit 1.035e-4 (exact
 * binomial), long run 2.976e-4 (exact recurrence), continuous run 625 x 2^-32 = 1.5e-7. The runs test
 * couples twelve counts, so the whole was simulated: 3,176 of 4,000,000 blocks (xoshiro256++), standard
 * error 1.4e-5; monobit failed 405, poker 369, runs 1,226, long run 1,192 of them.
 */
export const EXPECTED_FAILURE_SHARE = 7.94e-4;

/** A perfect source gets "failed" as often as this. */
const ALPHA = 1e-3;
const BLOCKS_PER_TASK = 256;
const MOST_BLOCKS_TOLD = 100;
const SKIPPED_BITS = 32;

export interface Fips140Options {
  /** As rngtest, which takes the first 32 bits only to compare the next with; default false. */
  readonly skipFirstWord?: boolean;
}

/** A block with its number, the first being 0. */
export interface NumberedBlock extends FipsBlock {
  readonly block: number;
}

export interface Fips140Task {
  readonly suite: "fips140";
  readonly firstBlock: number;
  readonly blocks: number;
  readonly skippedBits: number;
}

export interface Fips140Part {
  readonly failedBlocks: number;
  readonly failures: Readonly<Record<FipsTest, number>>;
  readonly extremes: Extremes;
  /** Those that failed, at most the first hundred. */
  readonly told: readonly NumberedBlock[];
}

/** The least and the most of all blocks. */
interface Extremes {
  readonly ones: readonly [number, number];
  readonly poker: readonly [number, number];
  readonly longestRun: number;
}

export interface Fips140Result {
  readonly suite: "FIPS 140-2, change notices 1 and 2, on blocks of 20,000 bits";
  readonly meaning: string;
  readonly verdict: "passed" | "failed" | "notApplicable";
  /** Why there is no verdict; null where there is one. */
  readonly notApplicable: string | null;
  readonly bits: number;
  readonly skippedBits: number;
  /** Bits behind the last whole block. */
  readonly unusedBits: number;
  readonly blocks: number;
  readonly failedBlocks: number;
  /** Blocks that failed each test; a block may fail several. */
  readonly failures: Readonly<Record<FipsTest, number>>;
  readonly extremes: Extremes | null;
  readonly firstFailedBlocks: readonly NumberedBlock[];
  readonly expectedFailureShare: number;
  /** The chance that a perfect source has as many failed blocks or more; null without blocks. */
  readonly pValue: number | null;
  readonly alpha: number;
}

const MEANING =
  "A sanity check: it finds gross defects. Passing is no evidence of entropy, and a perfect source fails about eight blocks of 10,000.";

const NO_FAILURES: Readonly<Record<FipsTest, number>> = {
  monobit: 0,
  poker: 0,
  runs: 0,
  longRun: 0,
  continuousRun: 0,
};

/** One task's blocks, in whichever thread. */
export function runFips140Task(samples: Samples, task: Fips140Task): Fips140Part {
  const { bitsPerSymbol, symbols } = samples;
  const first = task.skippedBits + task.firstBlock * BLOCK_BITS;
  // With the word before the first block, where there is one.
  const begin = Math.floor(Math.max(0, first - SKIPPED_BITS) / bitsPerSymbol);
  const end = Math.ceil((first + task.blocks * BLOCK_BITS) / bitsPerSymbol);
  const bits = bitsOf({ symbols: symbols.subarray(begin, end), bitsPerSymbol });
  const failures = { ...NO_FAILURES };
  const told: NumberedBlock[] = [];
  let failedBlocks = 0;
  let extremes: Extremes | null = null;
  for (let index = 0; index < task.blocks; index++) {
    const block = fips140Block(bits, first - begin * bitsPerSymbol + index * BLOCK_BITS);
    extremes = wider(extremes, block);
    if (block.failed.length === 0) continue;
    failedBlocks++;
    for (const test of block.failed) failures[test]++;
    if (told.length < MOST_BLOCKS_TOLD) told.push({ block: task.firstBlock + index, ...block });
  }
  return { failedBlocks, failures, extremes: extremes!, told };
}

function wider(known: Extremes | null, { ones, poker, longestRun }: FipsBlock): Extremes {
  return joined(known, { ones: [ones, ones], poker: [poker, poker], longestRun });
}

function joined(known: Extremes | null, more: Extremes): Extremes {
  if (!known) return more;
  return {
    ones: [Math.min(known.ones[0], more.ones[0]), Math.max(known.ones[1], more.ones[1])],
    poker: [Math.min(known.poker[0], more.poker[0]), Math.max(known.poker[1], more.poker[1])],
    longestRun: Math.max(known.longestRun, more.longestRun),
  };
}

class Fips140Campaign implements Campaign<Fips140Task, Fips140Part, Fips140Result> {
  readonly #bits: number;
  readonly #skippedBits: number;
  readonly #blocks: number;
  readonly #parts = new Map<number, Fips140Part>();
  #given = 0;
  #done = 0;

  constructor({ symbols, bitsPerSymbol }: Samples, { skipFirstWord = false }: Fips140Options) {
    this.#bits = symbols.length * bitsPerSymbol;
    this.#skippedBits = skipFirstWord ? SKIPPED_BITS : 0;
    this.#blocks = Math.max(0, Math.floor((this.#bits - this.#skippedBits) / BLOCK_BITS));
  }

  next(): Fips140Task | null {
    if (this.#given >= this.#blocks) return null;
    const firstBlock = this.#given;
    const blocks = Math.min(BLOCKS_PER_TASK, this.#blocks - firstBlock);
    this.#given += blocks;
    return { suite: "fips140", firstBlock, blocks, skippedBits: this.#skippedBits };
  }

  take({ firstBlock, blocks }: Fips140Task, part: Fips140Part): void {
    this.#parts.set(firstBlock, part);
    this.#done += blocks;
  }

  progress(): string {
    return `${this.#done} of ${this.#blocks} blocks`;
  }

  result(): Fips140Result | null {
    if (this.#done < this.#blocks) return null;
    const parts = [...this.#parts]
      .toSorted(([one], [other]) => one - other)
      .map(([, part]) => part);
    const failures = { ...NO_FAILURES };
    let failedBlocks = 0;
    let extremes: Extremes | null = null;
    for (const part of parts) {
      failedBlocks += part.failedBlocks;
      for (const test of Object.keys(failures) as FipsTest[]) failures[test] += part.failures[test];
      extremes = joined(extremes, part.extremes);
    }
    const needed = BLOCK_BITS + this.#skippedBits;
    const pValue =
      this.#blocks === 0
        ? null
        : binomialUpperTail(failedBlocks, this.#blocks, EXPECTED_FAILURE_SHARE);
    return {
      suite: "FIPS 140-2, change notices 1 and 2, on blocks of 20,000 bits",
      meaning: MEANING,
      verdict: pValue === null ? "notApplicable" : pValue < ALPHA ? "failed" : "passed",
      notApplicable: pValue === null ? `needs ${needed} bits, there are ${this.#bits}` : null,
      bits: this.#bits,
      skippedBits: this.#skippedBits,
      unusedBits: Math.max(0, this.#bits - this.#skippedBits - this.#blocks * BLOCK_BITS),
      blocks: this.#blocks,
      failedBlocks,
      failures,
      extremes,
      firstFailedBlocks: parts.flatMap(({ told }) => told).slice(0, MOST_BLOCKS_TOLD),
      expectedFailureShare: EXPECTED_FAILURE_SHARE,
      pValue,
      alpha: ALPHA,
    };
  }
}

/** FIPS 140-2 over all whole blocks, as work for threads. */
export function fips140Campaign(
  samples: Samples,
  options: Fips140Options = {},
): Campaign<Fips140Task, Fips140Part, Fips140Result> {
  return new Fips140Campaign(samples, options);
}

/** FIPS 140-2 over all whole blocks, in this thread. */
export function fips140(samples: Samples, options: Fips140Options = {}): Fips140Result {
  const campaign = fips140Campaign(samples, options);
  for (let task = campaign.next(); task; task = campaign.next())
    campaign.take(task, runFips140Task(samples, task));
  return campaign.result()!;
}
