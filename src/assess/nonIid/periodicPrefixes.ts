import type { Dataset } from "./dataset.ts";
import { windowAt, type Packed } from "./packed.ts";

/** Suffixes in their order, and at index j the longest common prefix of j - 1 and j; 0 at index 0. */
export interface SortedSuffixes {
  readonly order: Int32Array;
  readonly prefixes: Int32Array;
}

/** The longest common prefixes of neighbours among all suffixes in their order; 0 at the first. */
export interface SortedPrefixes {
  readonly prefixes: Int32Array;
  /** What of a period is left out of these; null where nothing is. */
  readonly nested: Nested | null;
}

/**
 * Suffixes that begin with the same rotation of a period share as much as the shorter of two is long, so
 * that each length up to that of the samples less a period is shared by one such set. Of most sets only the
 * first suffix is among the prefixes.
 */
export interface Nested {
  readonly period: number;
  /** Where each suffix stands among all. */
  readonly places: Int32Array;
  /** Of each set that is left out, by what its suffixes share with others at the most: how many pairs it has. */
  readonly pairsFrom: Float64Array;
  /** Lengths of the shortest suffixes whose sets are shown up to their third suffix. */
  readonly shown: ReadonlySet<number>;
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
  /** Sets that share more with others than their shortest suffix is long, by its length. */
  readonly shown: ReadonlySet<number>;
}

/** @param length of the samples */
function expand(rotations: SortedSuffixes, length: number): SortedPrefixes | null {
  const { order, prefixes: shared } = rotations;
  const period = order.length;
  const moved = movedSuffixes(rotations, length);
  if (moved === null) return null;
  const { byIndex, sizes, shown } = moved;
  const rest = length % period;
  const prefixes = new Int32Array(period + 2 * shown.size);
  const places = new Int32Array(prefixes.length);
  const pairsFrom = new Float64Array(1 + shared.reduce((most, each) => Math.max(most, each), 0));
  const meetings = [...byIndex.keys()].sort((one, other) => one - other).values();
  let meeting = meetings.next().value ?? -1;
  let write = 0;
  let place = 0;
  for (let index = 0; index < period; index++) {
    const begin = order[index]!;
    let size = shortest(begin, rest, period);
    let common = shared[index]!;
    const outer = Math.max(common, index + 1 < period ? shared[index + 1]! : 0);
    // Looked up only where it may be: a set with no others shares less than its shortest is long.
    const isMeeting = index === meeting;
    if (isMeeting) meeting = meetings.next().value ?? -1;
    if (!isMeeting && (size >= pairsFrom.length || !shown.has(size))) {
      const count = Math.floor((length - begin - size) / period) + 1;
      pairsFrom[outer]! += (count * (count - 1)) / 2;
      places[write] = place;
      prefixes[write++] = common;
      place += count;
      continue;
    }
    let own = 3;
    if (sizes.has(size)) {
      size += period;
      own--;
    }
    // All of them are shorter than the rotation's own: were one longer, its end, which is the own one, would
    // be followed by less than here, and the rotation so made be the first that begins with the own one.
    for (const each of byIndex.get(index) ?? []) {
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
  const end = write;
  return {
    prefixes: prefixes.subarray(0, end),
    nested: { period, places: places.subarray(0, end), pairsFrom, shown },
  };
}

/** Of the suffixes that begin with a rotation the shortest, which is no longer than a period. */
function shortest(begin: number, rest: number, period: number): number {
  return rest > begin ? rest - begin : rest - begin + period;
}

/** Null where looking for them would take long. */
function movedSuffixes({ order, prefixes: shared }: SortedSuffixes, length: number): Moved | null {
  const period = order.length;
  const rest = length % period;
  const byIndex = new Map<number, number[]>();
  const shown = new Set<number>();
  let work = length;
  for (let index = 0; index < period; index++) {
    const size = shortest(order[index]!, rest, period);
    const after = index + 1 < period ? shared[index + 1]! : 0;
    if (size > shared[index]! && size > after) continue;
    shown.add(size);
    if (size === period || size > shared[index]!) continue;
    let first = index;
    while (first > 0 && shared[first]! >= size) first--;
    work -= index - first;
    if (work < 0) return null;
    const there = byIndex.get(first);
    if (there) there.push(size);
    else byIndex.set(first, [size]);
  }
  const sizes = new Set([...byIndex.values()].flat());
  for (const [index, there] of byIndex) {
    there.sort((one, other) => one - other);
    shown.add(shortest(order[index]!, rest, period));
  }
  return { byIndex, sizes, shown };
}
