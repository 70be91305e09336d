/** How many runs there are, and how many steps the longest one has. */
export interface Runs {
  readonly runs: number;
  readonly longest: number;
}

/** What symbols stand for: symbol s for `low + step * s`, whole numbers that are not negative. */
export interface Scale {
  readonly low: number;
  readonly step: number;
  /** No symbol is greater. */
  readonly most: number;
}

/**
 * The statistics of an order of symbols, SP 800-90B 5.1.1 to 5.1.10, and the shuffle that makes the next
 * order. Symbols are whole arrays that `allocate` gave, or parts of them.
 */
export interface OrderKernel {
  /** @throws RangeError where there is no room left for so many octets */
  allocate(length: number): Uint8Array;
  /**
   * Steps of Fisher-Yates, a word each, from the last of the first `size` symbols on, at most 2^21. What would make
   * some orders likelier takes another word (Lemire, "Fast random integer generation in an interval", 2019).
   * @param words octets of random 32-bit numbers, little-endian
   * @returns how many symbols are left to shuffle; 1 when none is
   */
  exchange(symbols: Uint8Array, size: number, words: Uint8Array): number;
  /** 5.1.1: how far the running sum of values gets from what their mean lets expect. */
  excursion(symbols: Uint8Array, scale: Scale, mean: number): number;
  /** 5.1.2 to 5.1.4: a step is down where the next symbol is smaller, else up. At least two symbols. */
  directionalRuns(symbols: Uint8Array): Runs & { readonly increasesOrDecreases: number };
  /** 5.1.5 and 5.1.6. @param upperHalfFrom the least symbol that is not below the median */
  medianRuns(symbols: Uint8Array, upperHalfFrom: number): Runs;
  /** 5.1.7 and 5.1.8: how many symbols until one comes again; after it the search begins anew. */
  collisions(symbols: Uint8Array): { readonly average: number; readonly greatest: number };
  /** 5.1.9: how many symbols are equal to the one `lag` later. */
  periodicity(symbols: Uint8Array, lag: number): number;
  /** 5.1.10. */
  covariance(symbols: Uint8Array, lag: number): number;
  /** Conversion I of 5.1: the ones of each eight bits. @param ones an eighth as long, rounded up */
  onesOfEights(bits: Uint8Array, ones: Uint8Array): void;
  /** Conversion II of 5.1: each eight bits as a number, the first the most significant. */
  numbersOfEights(bits: Uint8Array, numbers: Uint8Array): void;
}
