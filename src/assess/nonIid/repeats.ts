import type { Dataset } from "./dataset.ts";
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
 * Every set of suffixes that share a prefix is an interval of the sorted ones. One pass with a stack
 * finds them all: an interval of c suffixes whose shared prefixes have lengths above `outer` up to
 * `inner` stands for strings of each of those lengths that occur c times.
 */
export function repeatsOf(dataset: Dataset): Repeats {
  const prefixes = sortedPrefixes(dataset);
  const { length } = prefixes;
  let longest = 0;
  for (let index = 1; index < length; index++) longest = Math.max(longest, prefixes[index]!);
  const mostCommon = new Uint32Array(longest + 2);
  // At first how much pairs grow with the length, of which the sums are taken in their place.
  const pairs = new Float64Array(longest + 2);
  const inners: number[] = [0];
  const lefts: number[] = [0];
  let top = 0;
  for (let index = 1; index <= length; index++) {
    const prefix = index < length ? prefixes[index]! : 0;
    let left = index - 1;
    while (inners[top]! > prefix) {
      const inner = inners[top]!;
      left = lefts[top]!;
      top--;
      const outer = Math.max(prefix, inners[top]!);
      const count = index - left;
      if (count > mostCommon[inner]!) mostCommon[inner] = count;
      const more = (count * (count - 1)) / 2;
      pairs[outer + 1]! += more;
      pairs[inner + 1]! -= more;
    }
    if (inners[top]! < prefix) {
      top++;
      inners[top] = prefix;
      lefts[top] = left;
    }
  }
  for (let size = 1; size <= longest; size++) pairs[size]! += pairs[size - 1]!;
  // What is common to a longer string is common to its beginning.
  for (let size = longest - 1; size >= 1; size--)
    mostCommon[size] = Math.max(mostCommon[size]!, mostCommon[size + 1]!);
  const end = longest + 1;
  return { longest, mostCommon: mostCommon.subarray(0, end), pairs: pairs.subarray(0, end) };
}
