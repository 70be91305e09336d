import { CommonExtents } from "./commonExtents.ts";
import type { Dataset } from "./dataset.ts";
import type { Packed } from "./packed.ts";

/** Runs that are shorter are made as long by insertion. */
const LEAST_RUN = 24;

/**
 * Sorts groups of suffixes by comparing them with each other. Which of two comes first is known at once
 * within an extent that is known (`CommonExtents`), and equal strings at regular distances are in order
 * already, or in the reverse of it: runs are found and merged.
 */
export class ComparedGroups {
  readonly #symbols: Uint8Array;
  readonly #order: Int32Array;
  readonly #prefixes: Int32Array;
  readonly #extents: CommonExtents;
  readonly #most: number;
  #depth = 0;

  /** @param most how much work may be done, in comparisons of a window */
  constructor(
    { symbols }: Dataset,
    packed: Packed,
    order: Int32Array,
    prefixes: Int32Array,
    most: number,
  ) {
    this.#symbols = symbols;
    this.#order = order;
    this.#prefixes = prefixes;
    this.#extents = new CommonExtents(packed);
    this.#most = most;
  }

  /**
   * Sorts the suffixes at `from` to `to` - 1 of the order, and notes the prefixes between them.
   * @param depth symbols that all of them share
   * @returns false when it takes too much work
   */
  sort(from: number, to: number, depth: number): boolean {
    this.#depth = depth;
    // Room for merges; the first prefix is that to the group before, and noted already.
    const first = this.#prefixes[from]!;
    const isSorted = this.#merge(from, to);
    this.#prefixes[from] = first;
    if (!isSorted) return false;
    for (let index = from + 1; index < to; index++) {
      const [one, other] = [this.#order[index - 1]!, this.#order[index]!];
      const low = Math.min(one, other);
      this.#prefixes[index] = this.#extents.end(low, Math.max(one, other) - low, depth) - low;
    }
    return !this.#isTooMuch;
  }

  get #isTooMuch(): boolean {
    return this.#extents.work > this.#most;
  }

  #precedes(one: number, other: number): boolean {
    const low = Math.min(one, other);
    const distance = Math.max(one, other) - low;
    const end = this.#extents.end(low, distance, this.#depth);
    // A suffix that ends comes before the same one that goes on.
    if (end + distance === this.#symbols.length) return one > other;
    const isLowFirst = this.#symbols[end]! < this.#symbols[end + distance]!;
    return isLowFirst === (one === low);
  }

  /** Where the run ends that begins at `from`; one that falls is turned round. */
  #runFrom(from: number, to: number): number {
    const order = this.#order;
    let end = from + 1;
    if (end === to) return end;
    const falls = this.#precedes(order[end]!, order[from]!);
    end++;
    while (end < to && this.#precedes(order[end]!, order[end - 1]!) === falls) end++;
    // A subarray's own method costs more than most runs are long.
    if (falls)
      for (let [low, high] = [from, end - 1]; low < high; low++, high--) {
        const at = order[low]!;
        order[low] = order[high]!;
        order[high] = at;
      }
    return end;
  }

  /** Sorts what is behind `sorted` into what is before it. */
  #insert(from: number, sorted: number, to: number): void {
    const order = this.#order;
    for (let index = sorted; index < to; index++) {
      const at = order[index]!;
      let hole = index;
      for (; hole > from && this.#precedes(at, order[hole - 1]!); hole--)
        order[hole] = order[hole - 1]!;
      order[hole] = at;
    }
  }

  #merge(from: number, to: number): boolean {
    if (to - from <= LEAST_RUN) {
      this.#insert(from, this.#runFrom(from, to), to);
      return true;
    }
    let bounds = [from];
    for (let begin = from; begin < to; begin = bounds.at(-1)!) {
      if (this.#isTooMuch) return false;
      const end = this.#runFrom(begin, to);
      const least = Math.min(begin + LEAST_RUN, to);
      if (end < least) this.#insert(begin, end, least);
      bounds.push(Math.max(end, least));
    }
    while (bounds.length > 2) {
      const merged = [from];
      for (let run = 0; run + 1 < bounds.length; run += 2) {
        const end = bounds[run + 2] ?? bounds[run + 1]!;
        if (end > bounds[run + 1]!) this.#mergeTwo(bounds[run]!, bounds[run + 1]!, end);
        if (this.#isTooMuch) return false;
        merged.push(end);
      }
      bounds = merged;
    }
    return true;
  }

  #mergeTwo(from: number, middle: number, to: number): void {
    const [order, room] = [this.#order, this.#prefixes];
    for (let index = from; index < middle; index++) room[index] = order[index]!;
    let [left, right] = [from, middle];
    for (let write = from; left < middle && !this.#isTooMuch; write++) {
      if (right < to && this.#precedes(order[right]!, room[left]!)) order[write] = order[right++]!;
      else order[write] = room[left++]!;
    }
  }
}
