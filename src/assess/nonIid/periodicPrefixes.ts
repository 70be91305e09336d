import type { Dataset } from "./dataset.ts";
import { windowAt, type Packed } from "./packed.ts";

/** Suffixes in their order, and at index j the longest common prefix of j - 1 and j; 0 at index 0. */
export interface SortedSuffixes {
  readonly order: Int32Array;
  readonly prefixes: Int32Array;
}

/** The longest common prefixes of neighbours among all suffixes in their order; 0 at index 0. */
export interface SortedPrefixes {
  readonly prefixes: Int32Array;
  /**
   * Where the later suffix of each prefix stands among all; null where none is left out and it is the index.
   */
  readonly places: Int32Array | null;
  /**
   * Null where none is left out. Else each length above twice the period up to the whole length less a
   * period is left out once: suffixes that long share it, in an interval within that of a period less.
   */
  readonly period: number | null;
}

/** Symbols of the next period that tell rotations apart. Noise needs fewer than 64. */
const OVERLAP = 4096;

/**
 * The common prefixes of all sorted suffixes of samples that have a period, from those of one period: a
 * copy behind its original takes half as long as noise, and a shorter period next to nothing.
 *
 * Two rotations of the least period differ within it, so that suffixes which are as long as it is are in
 * the order of the rotations that they begin with; of those that begin with the same one the shorter comes
 * first, and is all that both share. Only the last suffixes are shorter than a period. Each comes before
 * the first rotation that it is a beginning of.
 * @param sort sorts other samples; null where it would take long
 * @param overlap how far rotations are compared
 * @returns null for samples without a period of at most half their length, or where rotations are so much
 *   alike that this would be no short way
 */
export function periodicPrefixes(
  { symbols, alphabet }: Dataset,
  packed: Packed,
  sort: (samples: Dataset) => SortedSuffixes | null,
  overlap = OVERLAP,
): SortedPrefixes | null {
  const period = leastPeriod(packed);
  if (period === null) return null;
  const compared = Math.min(overlap, symbols.length - period);
  const sorted = sort({ symbols: symbols.subarray(0, period + compared), alphabet });
  const rotations = sorted && rotationsOf(sorted, period, compared);
  return rotations && expand(rotations, symbols.length);
}

/** The least period of at most half the length; null where there is none, or it takes long to see. */
function leastPeriod(packed: Packed): number | null {
  const { length, windowSymbols, windowMask } = packed;
  const first = windowAt(packed, 0) & windowMask;
  let work = length;
  for (let period = 1; 2 * period <= length && period + windowSymbols <= length; period++) {
    if ((windowAt(packed, period) & windowMask) !== first) continue;
    const end = length - period;
    let at = windowSymbols;
    while (
      at + windowSymbols <= end &&
      ((windowAt(packed, at) ^ windowAt(packed, at + period)) & windowMask) === 0
    )
      at += windowSymbols;
    work -= at / windowSymbols;
    // Less than a window is left: zeros behind the end of both are shifted away.
    if (at + windowSymbols > end && isAlike(packed, at, period)) return period;
    if (work < 0) return null;
  }
  return null;
}

/** Whether the few symbols from `at` on are equal to those a period later, up to the end. */
function isAlike(packed: Packed, at: number, period: number): boolean {
  const left = packed.length - period - at;
  if (left <= 0) return true;
  const shift = 32 - left * packed.bitsPerSymbol;
  return (windowAt(packed, at) ^ windowAt(packed, at + period)) >>> shift === 0;
}

/** Rotations of a period by where they begin, and how much each shares with the one before. */
function rotationsOf(
  { order, prefixes }: SortedSuffixes,
  period: number,
  compared: number,
): SortedSuffixes | null {
  const rotations = new Int32Array(period);
  const shared = new Int32Array(period);
  let found = 0;
  let common = 0;
  for (let index = 0; index < order.length; index++) {
    common = Math.min(common, prefixes[index]!);
    if (order[index]! >= period) continue;
    // The samples that were sorted may have ended before the two differed.
    if (found > 0 && common > compared) return null;
    rotations[found] = order[index]!;
    shared[found++] = common;
    common = Infinity;
  }
  shared[0] = 0;
  return { order: rotations, prefixes: shared };
}

/** Suffixes shorter than a period that stand before more than one rotation. */
interface Moved {
  /** Their lengths, shortest first, by the index of the first such rotation. */
  readonly byIndex: ReadonlyMap<number, readonly number[]>;
  readonly sizes: ReadonlySet<number>;
  readonly longest: number;
}

/** @param length of the samples */
function expand(rotations: SortedSuffixes, length: number): SortedPrefixes | null {
  const { order, prefixes: shared } = rotations;
  const period = order.length;
  const moved = movedSuffixes(rotations, length);
  if (moved === null) return null;
  const rest = length % period;
  // Of a rotation's suffixes the first three have a place of their own, or all.
  const isWhole = length <= 3 * period;
  const prefixes = new Int32Array(isWhole ? length : 3 * period);
  const places = new Int32Array(isWhole ? 0 : prefixes.length);
  let write = 0;
  let place = 0;
  for (let index = 0; index < period; index++) {
    const begin = order[index]!;
    let common = shared[index]!;
    let size = shortest(begin, rest, period);
    let own = 3;
    if (size <= moved.longest && moved.sizes.has(size)) {
      size += period;
      own--;
    }
    for (const each of moved.byIndex.get(index) ?? NONE) {
      places[write] = place++;
      prefixes[write++] = common;
      common = each;
    }
    for (; own > 0 && size <= length - begin; own--, size += period) {
      places[write] = place++;
      prefixes[write++] = common;
      common = size;
    }
    if (size <= length - begin) place += Math.floor((length - begin - size) / period) + 1;
  }
  return {
    prefixes: prefixes.subarray(0, write),
    places: isWhole ? null : places.subarray(0, write),
    period: isWhole ? null : period,
  };
}

const NONE: readonly number[] = [];

/** Of the suffixes that begin with a rotation the shortest, which is no longer than a period. */
function shortest(begin: number, rest: number, period: number): number {
  return rest > begin ? rest - begin : rest - begin + period;
}

/** Null where looking for them would take long. */
function movedSuffixes({ order, prefixes: shared }: SortedSuffixes, length: number): Moved | null {
  const period = order.length;
  const rest = length % period;
  const byIndex = new Map<number, number[]>();
  let work = length;
  const put = (index: number, size: number): void => {
    const sizes = byIndex.get(index);
    if (sizes) sizes.push(size);
    else byIndex.set(index, [size]);
  };
  for (let index = 0; index < period; index++) {
    const size = shortest(order[index]!, rest, period);
    if (size === period || size > shared[index]!) continue;
    let first = index;
    while (first > 0 && shared[first]! >= size) first--;
    work -= index - first;
    if (work < 0) return null;
    put(first, size);
  }
  // Where others come, the rotation's own shortest has its place among them.
  const moved = new Set([...byIndex.values()].flat());
  for (const [index, sizes] of byIndex) {
    const own = shortest(order[index]!, rest, period);
    if (!moved.has(own)) sizes.push(own);
    sizes.sort((one, other) => one - other);
  }
  const sizes = new Set([...byIndex.values()].flat());
  let longest = 0;
  for (const size of sizes) longest = Math.max(longest, size);
  return { byIndex, sizes, longest };
}
