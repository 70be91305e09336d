import type { Dataset } from "./dataset.ts";
import { sortedPrefixes } from "./sortedPrefixes.ts";

/** How often strings repeat themselves, by their length. */
export interface Repeats {
  /** The length of the longest repeated string (v of SP 800-90B 6.3.6). */
  readonly longest: number;
  /** At index t how often the most common string of that length occurs, from 1 to `longest`. */
  readonly mostCommon: Float64Array;
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
  const mostCommon = new Float64Array(longest + 2);
  const steps = new Float64Array(longest + 2);
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
      const pairs = (count * (count - 1)) / 2;
      steps[outer + 1]! += pairs;
      steps[inner + 1]! -= pairs;
    }
    if (inners[top]! < prefix) {
      top++;
      inners[top] = prefix;
      lefts[top] = left;
    }
  }
  const pairs = new Float64Array(longest + 1);
  for (let size = 1; size <= longest; size++) pairs[size] = pairs[size - 1]! + steps[size]!;
  // What is common to a longer string is common to its beginning.
  for (let size = longest - 1; size >= 1; size--)
    mostCommon[size] = Math.max(mostCommon[size]!, mostCommon[size + 1]!);
  return { longest, mostCommon: mostCommon.subarray(0, longest + 1), pairs };
}
