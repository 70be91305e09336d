import { ComparedGroups } from "./comparedGroups.ts";
import type { Dataset } from "./dataset.ts";
import { windowAt, type Packed } from "./packed.ts";

/**
 * How much may be sorted by windows again, for each sample: noise needs below 0.04. What is still alike
 * then is compared.
 */
const WORK = 0.25;
/**
 * Windows and remembered extents that may be compared for each sample, before the linear method is taken
 * instead. A period or a copy needs 1 to 2.3, and what needs more is sorted as fast in linear time.
 */
const COMPARISONS = 4;
/** A group that is smaller is compared at once. */
const SMALL_GROUP = 24;

/** Suffixes in their order, and at index j the longest common prefix of j - 1 and j; 0 at index 0. */
export interface SortedSuffixes {
  readonly order: Int32Array;
  readonly prefixes: Int32Array;
}

/**
 * Sorts the first suffixes of samples. Noise has short common prefixes: a radix sort by windows of 32 bits,
 * and again for large groups that are still alike, is several times as fast as suffix sorting. What repeats
 * itself would keep it busy for ever: small groups and what is left are compared by remembered extents.
 * @param order room for as many
 * @param prefixes as much room
 * @returns null where that does not end soon; the room is then anybody's
 */
export function sortByWindows(
  dataset: Dataset,
  packed: Packed,
  count: number,
  order = new Int32Array(count),
  prefixes = new Int32Array(count),
): SortedSuffixes | null {
  return new WindowSort(dataset, packed, order, prefixes).run() ? { order, prefixes } : null;
}

class WindowSort {
  readonly #packed: Packed;
  readonly #order: Int32Array;
  readonly #prefixes: Int32Array;
  readonly #compared: ComparedGroups;
  #work: number;
  #isEasy = true;

  constructor(dataset: Dataset, packed: Packed, order: Int32Array, prefixes: Int32Array) {
    const comparisons = COMPARISONS * order.length;
    this.#compared = new ComparedGroups(dataset, packed, order, prefixes, comparisons);
    this.#packed = packed;
    this.#order = order;
    this.#prefixes = prefixes;
    this.#work = WORK * order.length;
  }

  /** False when the data repeats itself too much; what was sorted until then has no meaning. */
  run(): boolean {
    this.#sortAll();
    let groups = this.#split(0, this.#order.length, 0, []);
    let depth = this.#packed.windowSymbols;
    while (groups.length > 0 && this.#isEasy) {
      for (let at = 0; at < groups.length; at += 2) this.#work -= groups[at + 1]! - groups[at]!;
      const next: number[] = [];
      for (let at = 0; at < groups.length && this.#isEasy; at += 2) {
        const [from, to] = [groups[at]!, groups[at + 1]!];
        if (this.#work < 0) this.#isEasy = this.#compared.sort(from, to, depth);
        else {
          this.#sortGroup(from, to, depth);
          this.#split(from, to, depth, next);
        }
      }
      groups = next;
      depth += this.#packed.windowSymbols;
    }
    return this.#isEasy;
  }

  #key(position: number, depth: number): number {
    const at = position + depth;
    return at >= this.#packed.length
      ? 0
      : (windowAt(this.#packed, at) & this.#packed.windowMask) >>> 0;
  }

  /** Everything by its first window: two passes of 16 bits. */
  #sortAll(): void {
    // Nothing is known of the prefixes yet, so that their room can be used.
    const [order, scratch] = [this.#order, this.#prefixes];
    const { length } = order;
    const low = new Int32Array(65_537);
    const high = new Int32Array(65_537);
    for (let at = 0; at < length; at++) {
      const key = this.#key(at, 0);
      low[(key & 0xffff) + 1]! += 1;
      high[(key >>> 16) + 1]! += 1;
    }
    for (let digit = 0; digit < 65_536; digit++) {
      low[digit + 1]! += low[digit]!;
      high[digit + 1]! += high[digit]!;
    }
    for (let at = 0; at < length; at++) scratch[low[this.#key(at, 0) & 0xffff]!++] = at;
    for (let index = 0; index < length; index++) {
      const at = scratch[index]!;
      order[high[this.#key(at, 0) >>> 16]!++] = at;
    }
    this.#prefixes[0] = 0;
  }

  #sortGroup(from: number, to: number, depth: number): void {
    const order = this.#order;
    const group = order.slice(from, to);
    const size = group.length;
    // Key and index in one number: 32 bits and 21.
    if (size > 2 ** 21) {
      this.#radix(from, to, depth);
      return;
    }
    const keys = new Float64Array(size);
    for (let index = 0; index < size; index++)
      keys[index] = this.#key(group[index]!, depth) * 2 ** 21 + index;
    keys.sort();
    for (let index = 0; index < size; index++) order[from + index] = group[keys[index]! % 2 ** 21]!;
  }

  #radix(from: number, to: number, depth: number): void {
    const order = this.#order;
    const scratch = new Int32Array(to - from);
    for (const shift of [0, 16]) {
      const starts = new Int32Array(65_537);
      for (let index = from; index < to; index++)
        starts[((this.#key(order[index]!, depth) >>> shift) & 0xffff) + 1]! += 1;
      for (let digit = 0; digit < 65_536; digit++) starts[digit + 1]! += starts[digit]!;
      for (let index = from; index < to; index++) {
        const at = order[index]!;
        scratch[starts[(this.#key(at, depth) >>> shift) & 0xffff]!++] = at;
      }
      order.set(scratch, from);
    }
  }

  /**
   * Notes the prefixes between neighbours that differ in their window, and appends what is still alike.
   * A suffix that ends in its window comes before those that go on, and is alike with none.
   */
  #split(from: number, to: number, depth: number, groups: number[]): number[] {
    const { bitsPerSymbol, windowSymbols, length } = this.#packed;
    const [order, prefixes] = [this.#order, this.#prefixes];
    const ends = (position: number): boolean => position + depth + windowSymbols > length;
    let start = from;
    let key = this.#key(order[from]!, depth);
    for (let index = from + 1; index <= to; index++) {
      const next = index < to ? this.#key(order[index]!, depth) : -1;
      if (index < to && next === key) continue;
      // One run of equal keys is [start, index).
      if (index - start > SMALL_GROUP) {
        const first = this.#endingFirst(start, index, depth, ends);
        for (let at = start + 1; at <= first && at < index; at++)
          prefixes[at] = Math.min(length - order[at - 1]!, length - order[at]!);
        if (index - first > 1) groups.push(first, index);
      } else if (index - start > 1 && this.#isEasy) {
        // One that ends within the window shares no more than what is before it.
        this.#isEasy = this.#compared.sort(start, index, depth);
      }
      if (index < to) {
        const common = Math.floor(Math.clz32(key ^ next) / bitsPerSymbol);
        const [left, right] = [length - order[index - 1]!, length - order[index]!];
        prefixes[index] = Math.min(depth + common, left, right);
        start = index;
        key = next;
      }
    }
    return groups;
  }

  /** Moves the few suffixes that end to the front, shortest first. @returns the first that goes on */
  #endingFirst(from: number, to: number, _depth: number, ends: (at: number) => boolean): number {
    const order = this.#order;
    const short: number[] = [];
    for (let index = from; index < to; index++) if (ends(order[index]!)) short.push(order[index]!);
    if (short.length === 0) return from;
    let write = to;
    for (let index = to - 1; index >= from; index--) {
      const at = order[index]!;
      if (!ends(at)) order[--write] = at;
    }
    short.sort((one, other) => other - one);
    for (let index = 0; index < short.length; index++) order[from + index] = short[index]!;
    return from + short.length;
  }
}
