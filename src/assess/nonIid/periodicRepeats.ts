import type { Dataset } from "./dataset.ts";
import { leastPeriod } from "./leastPeriod.ts";
import type { Packed } from "./packed.ts";
import { greatestOf, RepeatCounter, type Repeats } from "./repeatCounter.ts";
import { sortByWindows, type SortedSuffixes } from "./windowSort.ts";

/**
 * The repeats of samples that have a period of at most half their length, a copy behind its original
 * included: only one period is sorted.
 *
 * Two rotations of the least period p differ within it, so all substrings that are longer than what any two
 * of them share are told apart by where in the period they begin. Of length l, n - l + 1 = q p + r of them
 * begin: at r places q + 1 times, at the others q times. Of shorter ones those count as equal that begin with
 * rotations which share as much, each as often as its place occurs; only the last suffix at a place may be
 * too short to count, and then is counted up to its own length.
 * @param sort sorts the first suffixes of samples; null where it would take long
 * @returns null for samples without such a period, or where this would be no short way
 */
export function periodicRepeats(
  dataset: Dataset,
  packed: Packed,
  sort = sortByWindows,
): Repeats | null {
  const period = leastPeriod(packed);
  const rotations = period === null ? null : sort(dataset, packed, period);
  return rotations && new PeriodicCounter(rotations, packed.length).repeats();
}

class PeriodicCounter {
  readonly #rotations: SortedSuffixes;
  /** Of the samples, and of what two rotations share at the most. */
  readonly #length: number;
  readonly #shared: number;
  readonly #counter: RepeatCounter;
  /** Last suffixes no longer than what is shared, in the order of the rotations that they begin with. */
  readonly #shortSizes: number[] = [];
  /** How many of these may be looked at again for the sets that they are in. */
  #work: number;

  constructor(rotations: SortedSuffixes, length: number) {
    this.#rotations = rotations;
    this.#length = length;
    this.#shared = greatestOf(rotations.prefixes);
    this.#counter = new RepeatCounter(this.#shared);
    this.#work = length;
  }

  /** Null where it takes long. */
  repeats(): Repeats | null {
    if (!this.#countShared()) return null;
    const [length, shared] = [this.#length, this.#shared];
    const period = this.#rotations.order.length;
    const some = this.#counter.repeats();
    return {
      longest: length - period,
      mostCommon: (size) =>
        size <= shared ? some.mostCommon(size) : Math.ceil((length - size + 1) / period),
      pairs(size) {
        if (size <= shared) return some.pairs(size);
        const rest = (length - size + 1) % period;
        const times = (length - size + 1 - rest) / period;
        return (period * times * (times - 1)) / 2 + rest * times;
      },
    };
  }

  /** Up to the length that is shared, by the intervals of sorted rotations (see `repeatsOf`). */
  #countShared(): boolean {
    const { order, prefixes } = this.#rotations;
    const [length, shared, counter, shorts] = [
      this.#length,
      this.#shared,
      this.#counter,
      this.#shortSizes,
    ];
    const period = order.length;
    const rest = length % period;
    const times = (length - rest) / period;
    // Intervals within each other, the outermost first: what they share, and how many suffixes and how many
    // short ones are before them.
    const inners = new Int32Array(shared + 2);
    const lefts = new Int32Array(shared + 2);
    const shortsBefore = new Int32Array(shared + 2);
    let top = 0;
    let place = 0;
    for (let index = 0; index < period && this.#work >= 0; index++) {
      // The suffixes that begin with one rotation are an interval by themselves.
      if (inners[top]! < shared) {
        top++;
        inners[top] = shared;
        lefts[top] = place;
        shortsBefore[top] = shorts.length;
      }
      const begin = order[index]!;
      const size = begin < rest ? rest - begin : rest - begin + period;
      if (size < shared) shorts.push(size);
      place += begin < rest ? times + 1 : times;
      const prefix = index + 1 < period ? prefixes[index + 1]! : 0;
      let left = 0;
      let before = 0;
      while (inners[top]! > prefix) {
        const inner = inners[top]!;
        left = lefts[top]!;
        before = shortsBefore[top]!;
        top--;
        const outer = Math.max(prefix, inners[top]!);
        if (before === shorts.length) counter.add(outer, inner, place - left);
        else this.#addShort(outer, inner, place - left, before);
      }
      if (inners[top]! < prefix) {
        top++;
        inners[top] = prefix;
        lefts[top] = left;
        shortsBefore[top] = before;
      }
    }
    return this.#work >= 0;
  }

  /** An interval of `count` suffixes that the short ones from index `from` on belong to. */
  #addShort(outer: number, inner: number, count: number, from: number): void {
    const sizes = this.#shortSizes.slice(from).sort((one, other) => one - other);
    this.#work -= sizes.length;
    let low = outer;
    let left = count;
    for (const size of sizes) {
      if (size >= inner) break;
      if (size > low) {
        this.#counter.add(low, size, left);
        low = size;
      }
      left--;
    }
    this.#counter.add(low, inner, left);
  }
}
