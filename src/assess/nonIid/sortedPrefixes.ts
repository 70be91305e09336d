import type { Dataset } from "./dataset.ts";
import { pack } from "./packed.ts";
import { commonPrefixes, suffixArray } from "./suffixArray.ts";
import { sortByWindows } from "./windowSort.ts";

/**
 * The longest common prefixes of neighbours among all suffixes in their order; 0 at the first. By windows
 * or, where those repeat themselves too much, in linear time whatever the data.
 */
export function sortedPrefixes(dataset: Dataset, packed = pack(dataset)): Int32Array {
  const { symbols, alphabet } = dataset;
  // Both ways in the same memory, since there may be 32 bytes of it for each sample of 8 bits.
  const order = new Int32Array(symbols.length);
  const prefixes = new Int32Array(symbols.length);
  if (sortByWindows(dataset, packed, symbols.length, order, prefixes) !== null) return prefixes;
  suffixArray(symbols, alphabet - 1, order, prefixes);
  return commonPrefixes(symbols, order, prefixes);
}
