import { STATISTICS, type Statistic, type Statistics } from "./statistics.ts";

/** SP 800-90B 5.1: how many permutations are compared with the samples as they came. */
export const PERMUTATIONS = 10_000;
/** A statistic passes when more permutations than these are on either side, ties on both. */
const FEW = 5;

/** One statistic of the permutation test. */
export interface StatisticResult {
  readonly statistic: Statistic;
  /** Of the samples as they came. */
  readonly unshuffled: number;
  /** Permutations with a greater, an equal and a smaller figure: C_0, C_1, C_2 of 5.1. */
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
  /** True after as many permutations as these counts add up to; null while it is open. */
  readonly passed: boolean | null;
}

interface Counts {
  c0: number;
  c1: number;
  c2: number;
}

/**
 * Counts permutations strictly in their order, so that what it comes to rests on the seed alone. Counts
 * only grow: a statistic that has more than 5 on both sides has passed, and is not looked at again. One
 * that has not may still pass with the last permutation, so that it fails with that one and not before.
 */
export class Tally {
  readonly #unshuffled: Statistics;
  readonly #counts = new Map<Statistic, Counts>();

  constructor(unshuffled: Statistics) {
    this.#unshuffled = unshuffled;
    for (const statistic of STATISTICS) this.#counts.set(statistic, { c0: 0, c1: 0, c2: 0 });
  }

  /** Those that have not passed, of `statistics`. */
  open(statistics: readonly Statistic[]): readonly Statistic[] {
    return statistics.filter((statistic) => !hasPassed(this.#counts.get(statistic)!));
  }

  /** The next permutation's figures, at least of all open ones of `statistics`. */
  count(figures: Statistics, statistics: readonly Statistic[]): void {
    for (const statistic of this.open(statistics)) {
      const figure = figures[statistic];
      const original = this.#unshuffled[statistic];
      if (figure === undefined || original === undefined)
        throw new Error(`${statistic} of a permutation is missing`);
      const counts = this.#counts.get(statistic)!;
      if (figure > original) counts.c0++;
      else if (figure === original) counts.c1++;
      else counts.c2++;
    }
  }

  results(): readonly StatisticResult[] {
    return STATISTICS.map((statistic) => {
      const counts = this.#counts.get(statistic)!;
      const { c0, c1, c2 } = counts;
      const over = c0 + c1 + c2 === PERMUTATIONS;
      const passed = hasPassed(counts) || (over ? false : null);
      return { statistic, unshuffled: this.#unshuffled[statistic]!, c0, c1, c2, passed };
    });
  }
}

function hasPassed({ c0, c1, c2 }: Counts): boolean {
  return c0 + c1 > FEW && c1 + c2 > FEW;
}
