import type { Campaign } from "../campaign.ts";
import { BLOCK_BITS, countBlock, isMonobitPassed, type BlockCounts } from "../fips140/block.ts";
import { lz78y } from "../nonIid/lz78y.ts";
import { multiMmc } from "../nonIid/multiMmc.ts";
import type { Predictor } from "../nonIid/prediction.ts";
import type { Samples } from "../samples.ts";
import { FIPS_140_1, isPokerPassed, POKER_LIMITS } from "./basicTests.ts";
import { bitsBetween, MEANING, verdictOf, type Verdict } from "./rounds.ts";

const PREDICTED_BITS = 1_000_000;
/** Bits of one round: T1, T2, T3 and T4, one behind the other. */
export const ROUND_BITS = 2 * BLOCK_BITS + 2 * PREDICTED_BITS;
/** Bits of min-entropy a bit; less fails. */
const LEAST_MIN_ENTROPY = 0.95;
/** However many of the four failed, the set is run a second time. */
const MOST_TO_REPEAT = 4;

export type Ais31v3Name = "T1" | "T2" | "T3" | "T4";
const NAMES: readonly Ais31v3Name[] = ["T3", "T4", "T1", "T2"];
/** Where each begins in a round. */
const OFFSETS: Readonly<Record<Ais31v3Name, number>> = {
  T1: 0,
  T2: BLOCK_BITS,
  T3: 2 * BLOCK_BITS,
  T4: 2 * BLOCK_BITS + PREDICTED_BITS,
};

export interface Ais31v3Task {
  readonly suite: "ais31v3";
  readonly test: Ais31v3Name;
  readonly round: number;
}

/** One of the four with its figures. */
export interface Ais31v3Test {
  readonly test: Ais31v3Name;
  readonly isPassed: boolean;
  /** T1: ones; T2: X of the poker test; T3, T4: min-entropy, bits a bit. */
  readonly value: number;
  readonly limit: string;
  readonly figures: BlockCounts | Predictor<"multiMmc"> | Predictor<"lz78y">;
}
export type Ais31v3Part = Ais31v3Test;

export interface Ais31v3Result {
  readonly suite: "AIS 20/31 version 3, black-box tests";
  readonly meaning: string;
  readonly verdict: Verdict;
  /** Why there is no verdict, or what is missing for one; null where there is one. */
  readonly notApplicable: string | null;
  readonly bits: number;
  readonly neededBits: number;
  /** One, or two where the first was repeated; T1 to T4 each. */
  readonly rounds: readonly (readonly Ais31v3Test[])[];
}

export function runAis31v3Task(samples: Samples, { test, round }: Ais31v3Task): Ais31v3Part {
  const from = round * ROUND_BITS + OFFSETS[test];
  if (test === "T1" || test === "T2") {
    const figures = countBlock(bitsBetween(samples, from, from + BLOCK_BITS));
    if (test === "T1") {
      const limit = `more than ${FIPS_140_1.ones[0]}, fewer than ${FIPS_140_1.ones[1]}`;
      const isPassed = isMonobitPassed(figures.ones, FIPS_140_1);
      return { test, isPassed, value: figures.ones, limit, figures };
    }
    const limit = `more than ${POKER_LIMITS[0]}, less than ${POKER_LIMITS[1]}`;
    return { test, isPassed: isPokerPassed(figures.poker), value: figures.poker, limit, figures };
  }
  // A constant is still a string of bits.
  const dataset = { symbols: bitsBetween(samples, from, from + PREDICTED_BITS), alphabet: 2 };
  const figures = test === "T3" ? multiMmc(dataset) : lz78y(dataset);
  const value = figures.minEntropy ?? 0;
  const limit = `at least ${LEAST_MIN_ENTROPY}`;
  return { test, isPassed: value >= LEAST_MIN_ENTROPY, value, limit, figures };
}

class Ais31v3Campaign implements Campaign<Ais31v3Task, Ais31v3Part, Ais31v3Result> {
  readonly #bits: number;
  readonly #tasks: Ais31v3Task[] = [];
  readonly #rounds: Ais31v3Test[][] = [];
  #running = 0;

  constructor({ symbols, bitsPerSymbol }: Samples) {
    this.#bits = symbols.length * bitsPerSymbol;
    this.#begin();
  }

  next(): Ais31v3Task | null {
    const task = this.#tasks.shift() ?? null;
    if (task) this.#running++;
    return task;
  }

  take({ round }: Ais31v3Task, part: Ais31v3Part): void {
    this.#running--;
    const tests = this.#rounds[round]!;
    tests.push(part);
    tests.sort((one, other) => one.test.localeCompare(other.test));
    if (round === 0 && tests.length === NAMES.length && failuresOf(tests) > 0) this.#begin();
  }

  progress(): string {
    const done = this.#rounds.reduce((sum, { length }) => sum + length, 0);
    return `${done} of ${this.#rounds.length * NAMES.length} tests`;
  }

  result(): Ais31v3Result | null {
    if (this.#running + this.#tasks.length > 0) return null;
    const verdict = verdictOf(this.#rounds.map(failuresOf), MOST_TO_REPEAT);
    const needed = verdict === "repeatNeeded" ? 2 * ROUND_BITS : ROUND_BITS;
    const isOpen = verdict === "repeatNeeded" || verdict === "notApplicable";
    return {
      suite: "AIS 20/31 version 3, black-box tests",
      meaning: MEANING,
      verdict,
      notApplicable: isOpen ? `needs ${needed} bits, there are ${this.#bits}` : null,
      bits: this.#bits,
      neededBits: ROUND_BITS,
      rounds: this.#rounds,
    };
  }

  #begin(): void {
    const round = this.#rounds.length;
    if ((round + 1) * ROUND_BITS > this.#bits) return;
    this.#rounds.push([]);
    for (const test of NAMES) this.#tasks.push({ suite: "ais31v3", test, round });
  }
}

const failuresOf = (tests: readonly Ais31v3Test[]): number =>
  tests.filter(({ isPassed }) => !isPassed).length;

/** The black-box set as work for threads. There are no options; the parameter is for likeness. */
export function ais31v3Campaign(
  samples: Samples,
  _options: Readonly<Record<string, never>> = {},
): Campaign<Ais31v3Task, Ais31v3Part, Ais31v3Result> {
  return new Ais31v3Campaign(samples);
}

/** The black-box set in this thread. */
export function ais31v3(samples: Samples): Ais31v3Result {
  const campaign = ais31v3Campaign(samples);
  for (let task = campaign.next(); task; task = campaign.next())
    campaign.take(task, runAis31v3Task(samples, task));
  return campaign.result()!;
}
