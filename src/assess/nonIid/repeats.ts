import type { Dataset } from "./dataset.ts";
import type { Nested } from "./periodicPrefixes.ts";
import { sortedPrefixes } from "./sortedPrefixes.ts";

/** How often strings repeat themselves, by their length. */
export interface Repeats {
  /** The length of the longest repeated string (v of SP 800-90B 6.3.6). */
  readonly longest: number;
  /** At index t how often the most common string of that length occurs, from 1 to `longest`. */
  readonly mostCommon: Uint32Array;
  /** At index t how many pairs of equal strings of that length there are. */
  readonly pairs: Float64Array;
}

/**
 * Every set of suffixes that share a prefix is an interval of the sorted ones: one of c suffixes whose
 * shared prefixes have lengths above `outer` up to `inner` stands for strings of each of those lengths
 * that occur c times. One pass with a stack finds them all.
 */
export function repeatsOf(dataset: Dataset): Repeats {
  const { length } = dataset.symbols;
  const { prefixes, nested } = sortedPrefixes(dataset);
  const entries = prefixes.length;
  let longest = nested === null ? 0 : length - nested.period;
  for (let index = 1; index < entries; index++) longest = Math.max(longest, prefixes[index]!);
  const counter = new IntervalCounter(longest);
  const places = nested?.places ?? null;
  const inners: number[] = [0];
  const lefts: number[] = [0];
  let top = 0;
  for (let index = 1; index <= entries; index++) {
    const prefix = index < entries ? prefixes[index]! : 0;
    const place = places === null ? index : index < entries ? places[index]! : length;
    let left = places === null ? index - 1 : places[index - 1]!;
    while (inners[top]! > prefix) {
      const inner = inners[top]!;
      left = lefts[top]!;
      top--;
      counter.add(Math.max(prefix, inners[top]!), inner, place - left);
    }
    if (inners[top]! < prefix) {
      top++;
      inners[top] = prefix;
      lefts[top] = left;
    }
  }
  if (nested !== null) counter.addNested(nested, length);
  return counter.repeats();
}

/** Adds up intervals by the lengths that they are of. */
class IntervalCounter {
  readonly #longest: number;
  readonly #mostCommon: Uint32Array;
  /** At first how much pairs grow with the length, of which the sums are taken in the end. */
  readonly #pairs: Float64Array;
  constructor(longest: number) {
    this.#longest = longest;
    this.#mostCommon = new Uint32Array(longest + 2);
    this.#pairs = new Float64Array(longest + 2);
  }

  add(outer: number, inner: number, count: number): void {
    if (count > this.#mostCommon[inner]!) this.#mostCommon[inner] = count;
    const more = (count * (count - 1)) / 2;
    this.#pairs[outer + 1]! += more;
    this.#pairs[inner + 1]! -= more;
  }

  /** @param length of the samples */
  addNested({ period, pairsFrom, shown }: Nested, length: number): void {
    const [pairs, mostCommon] = [this.#pairs, this.#mostCommon];
    for (let outer = 0; outer < pairsFrom.length; outer++) pairs[outer + 1]! += pairsFrom[outer]!;
    for (let inner = 1; inner <= length - period; inner++) {
      const first = inner > period ? inner - period : inner;
      if (inner <= 2 * period && shown.has(first)) continue;
      const count = Math.floor((length - inner) / period) + 1;
      if (inner > period) this.add(inner - period, inner, count);
      else {
        // Where it begins is among `pairsFrom`.
        mostCommon[inner] = Math.max(mostCommon[inner]!, count);
        pairs[inner + 1]! -= (count * (count - 1)) / 2;
      }
    }
  }

  repeats(): Repeats {
    const [longest, pairs, mostCommon] = [this.#longest, this.#pairs, this.#mostCommon];
    for (let size = 1; size <= longest; size++) pairs[size]! += pairs[size - 1]!;
    // What is common to a longer string is common to its beginning.
    for (let size = longest - 1; size >= 1; size--)
      mostCommon[size] = Math.max(mostCommon[size]!, mostCommon[size + 1]!);
    const end = longest + 1;
    return { longest, mostCommon: mostCommon.subarray(0, end), pairs: pairs.subarray(0, end) };
  }
}
