import { windowAt, type Packed } from "./packed.ts";

/** Distances whose last extent is at hand. */
const RECENT = 4096;
/** An extent that took so many windows to find is remembered for good. */
const LONG = 64;
/** What it takes to look for an extent that is not at hand, in windows. */
const SEARCH = 16;
/** Of those at most so many; what is not remembered is found again. */
const MOST_LONG = 65_536;

/** Without overlap, in increasing order. */
interface Extents {
  readonly starts: number[];
  readonly ends: number[];
}

/**
 * How far the samples go on like themselves at a distance. What repeats itself is compared with the same
 * other place from each of its positions on, and all these comparisons end at one difference: an extent
 * [start, end) of symbols that are equal to those `distance` later answers all that begin within it.
 */
export class CommonExtents {
  readonly #packed: Packed;
  readonly #distances = new Int32Array(RECENT);
  readonly #starts = new Int32Array(RECENT);
  readonly #ends = new Int32Array(RECENT);
  readonly #long = new Map<number, Extents>();
  #remembered = 0;
  /** What was done so far: answers, and windows that were compared for them. */
  work = 0;

  constructor(packed: Packed) {
    this.#packed = packed;
  }

  /**
   * The first position from `at` on whose symbol differs from the one `distance` later, or has none there.
   * @param alike how many symbols are known to be equal
   */
  end(at: number, distance: number, alike: number): number {
    this.work++;
    const slot = Math.imul(distance, 0x9e3779b1) >>> 20;
    const last = this.#ends[slot]!;
    if (this.#distances[slot] === distance && this.#starts[slot]! <= at && at < last) return last;
    this.work += SEARCH;
    const [start, end] = this.#find(at, distance, alike);
    this.#distances[slot] = distance;
    this.#starts[slot] = start;
    this.#ends[slot] = end;
    return end;
  }

  #find(at: number, distance: number, alike: number): readonly [number, number] {
    const known = this.#long.get(distance);
    const index = known ? firstAbove(known.ends, at) : 0;
    const next = known?.starts[index];
    if (known && next !== undefined && next <= at) return [next, known.ends[index]!];
    const limit = next ?? this.#packed.length - distance;
    const before = this.work;
    const end = this.#firstDifference(at + alike, distance, limit);
    if (known && next === end) {
      // It goes on into one that is known, which so begins earlier.
      known.starts[index] = at;
      return [at, known.ends[index]!];
    }
    if (this.work - before >= LONG && this.#remembered < MOST_LONG) {
      this.#remembered++;
      if (known) {
        known.starts.splice(index, 0, at);
        known.ends.splice(index, 0, end);
      } else this.#long.set(distance, { starts: [at], ends: [end] });
    }
    return [at, end];
  }

  #firstDifference(from: number, distance: number, limit: number): number {
    const packed = this.#packed;
    const { bitsPerSymbol, windowSymbols, windowMask } = packed;
    for (let at = from; at < limit; at += windowSymbols) {
      this.work++;
      const difference = (windowAt(packed, at) ^ windowAt(packed, at + distance)) & windowMask;
      if (difference !== 0)
        return Math.min(limit, at + Math.floor(Math.clz32(difference) / bitsPerSymbol));
    }
    return limit;
  }
}

/** The index of the first of increasing values that is greater. */
function firstAbove(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
