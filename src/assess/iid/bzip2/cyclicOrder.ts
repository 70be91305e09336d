import { suffixArray } from "../../nonIid/suffixArray.ts";

/** How much may be sorted again, for each token, before the linear method is taken instead. */
const WORK = 1;
const SMALL_GROUP = 24;
const DIGIT_BITS = 11;

/** Tokens 0 to `largest`, in the order of what they stand for; the first follows the last. */
export interface Cycle {
  readonly tokens: Uint16Array;
  readonly length: number;
  /** How often each occurs. */
  readonly counts: Uint32Array;
}

interface Code {
  readonly bits: Uint32Array;
  readonly lengths: Uint8Array;
}

/**
 * A prefix code that keeps the order, with about as many bits as a token is surprising: 32 bits of
 * coded tokens tell rotations apart where 32 bits of plain ones, most of them zeros, would not.
 * The tokens are halved by their weight again and again.
 */
function orderedCode(counts: Uint32Array): Code {
  const bits = new Uint32Array(counts.length);
  const lengths = new Uint8Array(counts.length);
  // What does not occur gets a code too.
  const weights = counts.map((count) => Math.max(1, count));
  const halve = (from: number, to: number, weight: number, prefix: number, depth: number): void => {
    if (to - from === 1) {
      bits[from] = prefix;
      lengths[from] = depth;
      return;
    }
    let cut = from + 1;
    let left = weights[from]!;
    while (
      cut < to - 1 &&
      Math.abs(weight - 2 * (left + weights[cut]!)) < Math.abs(weight - 2 * left)
    )
      left += weights[cut++]!;
    halve(from, cut, left, prefix * 2, depth + 1);
    halve(cut, to, weight - left, prefix * 2 + 1, depth + 1);
  };
  halve(
    0,
    counts.length,
    weights.reduce((sum, count) => sum + count, 0),
    0,
    0,
  );
  return { bits, lengths };
}

/** Memory for orders of up to `most` tokens. */
export class CyclicOrder {
  readonly #offsets: Int32Array;
  readonly #keys: Uint32Array;
  readonly #order: Int32Array;
  readonly #scratch: Int32Array;
  readonly #small = new Uint32Array(SMALL_GROUP);
  #words = new Uint32Array(0);
  #bits = 0;

  constructor(most: number) {
    this.#offsets = new Int32Array(most);
    this.#keys = new Uint32Array(most);
    this.#order = new Int32Array(most);
    this.#scratch = new Int32Array(most);
  }

  /** The rotations in their order, by where they begin; equal ones in any. Valid until the next call. */
  of(cycle: Cycle): Int32Array {
    const { length } = cycle;
    if (length === 1 || cycle.counts.length === 1)
      return this.#order.subarray(0, length).map((_none, at) => at);
    this.#encode(cycle);
    if (!this.#byWindows(length)) linear(cycle, this.#order);
    return this.#order.subarray(0, length);
  }

  #encode({ tokens, length, counts }: Cycle): void {
    const { bits, lengths } = orderedCode(counts);
    let total = 0;
    for (let token = 0; token < counts.length; token++) total += counts[token]! * lengths[token]!;
    const needed = (total >>> 5) + 4;
    if (this.#words.length < needed) this.#words = new Uint32Array(needed + (needed >> 3));
    const words = this.#words;
    let [word, room, at, offset] = [0, 32, 0, 0];
    const put = (value: number, size: number): void => {
      if (size < room) {
        word = (word << size) | value;
        room -= size;
        return;
      }
      const over = size - room;
      words[at++] = room === 32 ? value >>> over : (word << room) | (value >>> over);
      word = over === 0 ? 0 : value & (2 ** over - 1);
      room = 32 - over;
    };
    for (let index = 0; index < length; index++) {
      const token = tokens[index]!;
      this.#offsets[index] = offset;
      offset += lengths[token]!;
      put(bits[token]!, lengths[token]!);
    }
    words[at] = room === 32 ? 0 : word << room;
    words.fill(0, at + 1, at + 4);
    this.#bits = total;
    // A window that begins in the last bits goes on with the first.
    for (let bit = total; bit < total + 64; bit++) {
      const from = bit % total;
      words[bit >>> 5]! |= ((words[from >>> 5]! >>> (31 - (from & 31))) & 1) << (31 - (bit & 31));
    }
  }

  #window(bit: number): number {
    const [word, shift] = [bit >>> 5, bit & 31];
    const high = this.#words[word]! << shift;
    return (shift === 0 ? high : high | (this.#words[word + 1]! >>> (32 - shift))) >>> 0;
  }

  #key(index: number, depth: number): number {
    return this.#window((this.#offsets[index]! + depth) % this.#bits);
  }

  /** By windows of 32 bits, and what is still alike by the next. False when that would take long. */
  #byWindows(length: number): boolean {
    const [order, keys] = [this.#order, this.#keys];
    for (let index = 0; index < length; index++) keys[index] = this.#window(this.#offsets[index]!);
    this.#sortAll(length);
    let groups = alike(order, 0, length, (index) => keys[index]!, []);
    let work = WORK * length;
    for (let depth = 32; groups.length > 0 && depth < this.#bits; depth += 32) {
      const next: number[] = [];
      const key = (index: number): number => this.#key(index, depth);
      for (let at = 0; at < groups.length; at += 2) {
        const [from, to] = [groups[at]!, groups[at + 1]!];
        work -= to - from;
        if (work < 0) return false;
        this.#sortGroup(from, to, depth);
        alike(order, from, to, key, next);
      }
      groups = next;
    }
    return true;
  }

  #sortAll(length: number): void {
    const keys = this.#keys;
    const [mask, buckets] = [2 ** DIGIT_BITS - 1, 2 ** DIGIT_BITS];
    const starts = [0, 1, 2].map(() => new Int32Array(buckets + 1));
    const [low, middle, high] = starts as [Int32Array, Int32Array, Int32Array];
    for (let index = 0; index < length; index++) {
      const key = keys[index]!;
      low[(key & mask) + 1]! += 1;
      middle[((key >>> DIGIT_BITS) & mask) + 1]! += 1;
      high[(key >>> (2 * DIGIT_BITS)) + 1]! += 1;
    }
    for (const heads of starts)
      for (let digit = 0; digit < buckets; digit++) heads[digit + 1]! += heads[digit]!;
    const [order, scratch] = [this.#order, this.#scratch];
    for (let index = 0; index < length; index++) order[low[keys[index]! & mask]!++] = index;
    for (let at = 0; at < length; at++) {
      const index = order[at]!;
      scratch[middle[(keys[index]! >>> DIGIT_BITS) & mask]!++] = index;
    }
    for (let at = 0; at < length; at++) {
      const index = scratch[at]!;
      order[high[keys[index]! >>> (2 * DIGIT_BITS)]!++] = index;
    }
  }

  #sortGroup(from: number, to: number, depth: number): void {
    const order = this.#order;
    if (to - from > SMALL_GROUP) {
      const group = order.slice(from, to);
      // Key and index in one number: 32 bits and 21.
      const keys = new Float64Array(group.length);
      for (let at = 0; at < group.length; at++)
        keys[at] = this.#key(group[at]!, depth) * 2 ** 21 + at;
      keys.sort();
      for (let at = 0; at < group.length; at++) order[from + at] = group[keys[at]! % 2 ** 21]!;
      return;
    }
    const keys = this.#small;
    keys[0] = this.#key(order[from]!, depth);
    for (let at = from + 1; at < to; at++) {
      const index = order[at]!;
      const key = this.#key(index, depth);
      let hole = at;
      for (; hole > from && keys[hole - 1 - from]! > key; hole--) {
        order[hole] = order[hole - 1]!;
        keys[hole - from] = keys[hole - 1 - from]!;
      }
      order[hole] = index;
      keys[hole - from] = key;
    }
  }
}

/** Appends where from and to rotations have equal keys. */
function alike(
  order: Int32Array,
  from: number,
  to: number,
  key: (index: number) => number,
  groups: number[],
): number[] {
  let start = from;
  let last = key(order[from]!);
  for (let at = from + 1; at <= to; at++) {
    const next = at < to ? key(order[at]!) : -1;
    if (next === last) continue;
    if (at - start > 1) groups.push(start, at);
    start = at;
    last = next;
  }
  return groups;
}

/**
 * By the suffixes of the least rotation, in linear time: of a Lyndon word they have the order of its
 * rotations.
 */
function linear({ tokens, length, counts }: Cycle, order: Int32Array): void {
  const start = leastRotation(tokens, length);
  const word = counts.length > 256 ? new Int32Array(length) : new Uint8Array(length);
  for (let at = 0; at < length; at++) word[at] = tokens[(start + at) % length]!;
  const suffixes = suffixArray(word, counts.length - 1);
  for (let at = 0; at < length; at++) order[at] = (suffixes[at]! + start) % length;
}

/** Where the least rotation begins. Of two candidates the greater one loses, with all that were compared. */
function leastRotation(tokens: Uint16Array, length: number): number {
  let [one, other, alike] = [0, 1, 0];
  while (one < length && other < length && alike < length) {
    const difference = tokens[(one + alike) % length]! - tokens[(other + alike) % length]!;
    if (difference === 0) {
      alike++;
      continue;
    }
    if (difference > 0) one += alike + 1;
    else other += alike + 1;
    if (one === other) other++;
    alike = 0;
  }
  return Math.min(one, other);
}
