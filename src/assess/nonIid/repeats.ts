import type { Dataset } from "./dataset.ts";
import { pack } from "./packed.ts";
import { periodicRepeats } from "./periodicRepeats.ts";
import { greatestOf, RepeatCounter, type Repeats } from "./repeatCounter.ts";
import { sortedPrefixes } from "./sortedPrefixes.ts";

/**
 * Every set of suffixes that share a prefix is an interval of the sorted ones: one of c suffixes whose
 * shared prefixes have lengths above `outer` up to `inner` stands for strings of each of those lengths
 * that occur c times. One pass with a stack finds them all.
 */
export function repeatsOf(dataset: Dataset): Repeats {
  const packed = pack(dataset);
  const periodic = periodicRepeats(dataset, packed);
  if (periodic !== null) return periodic;
  const prefixes = sortedPrefixes(dataset, packed);
  const { length } = prefixes;
  const longest = greatestOf(prefixes);
  const counter = new RepeatCounter(longest);
  // Intervals within each other, the outermost first.
  const inners = new Int32Array(longest + 2);
  const lefts = new Int32Array(longest + 2);
  let top = 0;
  for (let index = 1; index <= length; index++) {
    const prefix = index < length ? prefixes[index]! : 0;
    let left = index - 1;
    while (inners[top]! > prefix) {
      const inner = inners[top]!;
      left = lefts[top]!;
      top--;
      counter.add(Math.max(prefix, inners[top]!), inner, index - left);
    }
    if (inners[top]! < prefix) {
      top++;
      inners[top] = prefix;
      lefts[top] = left;
    }
  }
  return counter.repeats();
}
