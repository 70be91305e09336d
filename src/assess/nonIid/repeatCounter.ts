/** How often strings repeat themselves, by their length. None is more often or in more pairs than a shorter one. */
export interface Repeats {
  /** The length of the longest repeated string (v of SP 800-90B 6.3.6). */
  readonly longest: number;
  /** How often the most common string of a length from 1 to `longest` occurs. */
  readonly mostCommon: (length: number) => number;
  /** How many pairs of equal strings of such a length there are. */
  readonly pairs: (length: number) => number;
}

/** Adds up sets of equal strings by the lengths that they are of. */
export class RepeatCounter {
  readonly #longest: number;
  readonly #mostCommon: Uint32Array;
  /** At first how much pairs grow with the length, of which the sums are taken in the end. */
  readonly #pairs: Float64Array;

  /** @param longest of the strings that are counted */
  constructor(longest: number) {
    this.#longest = longest;
    this.#mostCommon = new Uint32Array(longest + 2);
    this.#pairs = new Float64Array(longest + 2);
  }

  /** `count` equal strings of each length above `outer` up to `inner`. */
  add(outer: number, inner: number, count: number): void {
    if (count > this.#mostCommon[inner]!) this.#mostCommon[inner] = count;
    const more = (count * (count - 1)) / 2;
    this.#pairs[outer + 1]! += more;
    this.#pairs[inner + 1]! -= more;
  }

  repeats(): Repeats {
    const [longest, pairs, mostCommon] = [this.#longest, this.#pairs, this.#mostCommon];
    for (let size = 1; size <= longest; size++) pairs[size]! += pairs[size - 1]!;
    // What is common to a longer string is common to its beginning.
    for (let size = longest - 1; size >= 1; size--)
      mostCommon[size] = Math.max(mostCommon[size]!, mostCommon[size + 1]!);
    return {
      longest,
      mostCommon: (length) => mostCommon[length]!,
      pairs: (length) => pairs[length]!,
    };
  }
}

/** @param values of at least 0 */
export function greatestOf(values: Int32Array): number {
  let greatest = 0;
  for (let index = 0; index < values.length; index++)
    if (values[index]! > greatest) greatest = values[index]!;
  return greatest;
}
