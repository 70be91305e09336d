/** SP 800-90B 5.1.1 to 5.1.11, in the order and with the names of its table. */
export const STATISTICS = [
  "excursion",
  "directionalRuns",
  "longestDirectionalRun",
  "increasesOrDecreases",
  "medianRuns",
  "longestMedianRun",
  "averageCollision",
  "greatestCollision",
  "periodicity1",
  "periodicity2",
  "periodicity8",
  "periodicity16",
  "periodicity32",
  "covariance1",
  "covariance2",
  "covariance8",
  "covariance16",
  "covariance32",
  "compression",
] as const;
export type Statistic = (typeof STATISTICS)[number];
export type Statistics = Partial<Record<Statistic, number>>;

const LAGS = [1, 2, 8, 16, 32] as const;

/** What bits are counted in eights for. */
const OF_EIGHTS = [...STATISTICS.slice(1, 4), ...STATISTICS.slice(8, 18)];

/** What the order of the samples does not change. */
export interface Population {
  /** Of an alphabet of two the symbols are 0 and 1; else they are the values themselves. */
  readonly symbols: Uint8Array;
  readonly isBinary: boolean;
  /** By symbol. */
  readonly valueOf: Uint8Array;
  readonly mean: number;
  /** Of the symbols mapped to 0..k-1, as NIST's tool prints it; 0.5 of two symbols. */
  readonly median: number;
  /** A symbol of at least this is at or above the median. */
  readonly upperHalfFrom: number;
}

/** @param values as they were sampled */
export function populationOf(values: Uint8Array): Population {
  const counts = new Uint32Array(256);
  let sum = 0;
  for (const value of values) {
    counts[value]! += 1;
    sum += value;
  }
  const present = [...counts.keys()].filter((value) => counts[value]! > 0);
  const mean = sum / values.length;
  const isBinary = present.length === 2;
  if (isBinary) {
    const symbols = values.map((value) => (value === present[1] ? 1 : 0));
    const valueOf = Uint8Array.from(present);
    return { symbols, isBinary, valueOf, mean, median: 0.5, upperHalfFrom: 1 };
  }
  const rankOf = (sorted: number): number => {
    let seen = 0;
    return present.findIndex((value) => (seen += counts[value]!) > sorted);
  };
  const half = Math.floor(values.length / 2);
  const median = values.length % 2 === 1 ? rankOf(half) : (rankOf(half - 1) + rankOf(half)) / 2;
  return {
    symbols: values,
    isBinary,
    valueOf: Uint8Array.from({ length: 256 }, (_none, value) => value),
    mean,
    median,
    upperHalfFrom: present[Math.ceil(median)]!,
  };
}

/** 5.1.1: how far the running sum gets from what the mean lets expect. */
export function excursion(symbols: Uint8Array, { valueOf, mean }: Population): number {
  let sum = 0;
  let greatest = 0;
  for (let index = 0; index < symbols.length; index++) {
    sum += valueOf[symbols[index]!]!;
    const distance = Math.abs(sum - (index + 1) * mean);
    if (distance > greatest) greatest = distance;
  }
  return greatest;
}

interface Runs {
  readonly runs: number;
  readonly longest: number;
}

/**
 * 5.1.2 to 5.1.4: a step is down where the next symbol is smaller, else up. Here and below, what comes
 * next in noise cannot be foretold, neither by the processor, so that signs are computed without a branch.
 */
export function directionalRuns(
  symbols: Uint8Array,
): Runs & { readonly increasesOrDecreases: number } {
  const steps = symbols.length - 1;
  let [changes, begin, longest, downs] = [0, 0, 0, 0];
  let before = (symbols[1]! - symbols[0]!) >>> 31;
  for (let index = 0; index < steps; index++) {
    const down = (symbols[index + 1]! - symbols[index]!) >>> 31;
    const change = down ^ before;
    before = down;
    downs += down;
    changes += change;
    // A change makes this index the run's beginning.
    begin += (index - begin) & -change;
    if (index - begin >= longest) longest = index - begin + 1;
  }
  return { runs: changes + 1, longest, increasesOrDecreases: Math.max(downs, steps - downs) };
}

/** 5.1.5 and 5.1.6. @param upperHalfFrom the least symbol that is not below the median */
export function medianRuns(symbols: Uint8Array, upperHalfFrom: number): Runs {
  let [changes, begin, longest] = [0, 0, 0];
  let before = (symbols[0]! - upperHalfFrom) >>> 31;
  for (let index = 0; index < symbols.length; index++) {
    const below = (symbols[index]! - upperHalfFrom) >>> 31;
    const change = below ^ before;
    before = below;
    changes += change;
    begin += (index - begin) & -change;
    if (index - begin >= longest) longest = index - begin + 1;
  }
  return { runs: changes + 1, longest };
}

/** 5.1.7 and 5.1.8: how many symbols until one comes again; after it the search begins anew. */
export function collisions(symbols: Uint8Array): {
  readonly average: number;
  readonly greatest: number;
} {
  // In which search a symbol was last seen: no table has to be cleared.
  const seenIn = new Uint32Array(256);
  let [search, begin, found, sum, greatest] = [1, 0, 0, 0, 0];
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index]!;
    if (seenIn[symbol] !== search) {
      seenIn[symbol] = search;
      continue;
    }
    const length = index - begin + 1;
    sum += length;
    found++;
    if (length > greatest) greatest = length;
    begin = index + 1;
    search++;
  }
  return { average: found === 0 ? 0 : sum / found, greatest };
}

/** 5.1.9: how many symbols are equal to the one `lag` later. */
export function periodicity(symbols: Uint8Array, lag: number): number {
  let equal = 0;
  // 1 for a difference of 0.
  for (let index = lag; index < symbols.length; index++)
    equal += ((symbols[index]! ^ symbols[index - lag]!) - 1) >>> 31;
  return equal;
}

/** 5.1.10. */
export function covariance(symbols: Uint8Array, lag: number): number {
  let sum = 0;
  for (let index = lag; index < symbols.length; index++)
    sum += symbols[index]! * symbols[index - lag]!;
  return sum;
}

/** Conversion I of 5.1: the ones of each eight bits. */
function onesOfEights(bits: Uint8Array): Uint8Array {
  const ones = new Uint8Array(Math.ceil(bits.length / 8));
  for (let index = 0; index < bits.length; index++) ones[index >>> 3]! += bits[index]!;
  return ones;
}

/** Conversion II of 5.1: each eight bits as a number, the first the most significant. */
function numbersOfEights(bits: Uint8Array): Uint8Array {
  const numbers = new Uint8Array(Math.ceil(bits.length / 8));
  for (let index = 0; index < bits.length; index++)
    numbers[index >>> 3]! |= bits[index]! << (7 - (index & 7));
  return numbers;
}

/**
 * The statistics that are wanted, of one order of the samples.
 * @param symbols those of `population`, in any order
 * @param compression of that order
 */
export function statisticsOf(
  symbols: Uint8Array,
  population: Population,
  wanted: ReadonlySet<Statistic>,
  compression: (symbols: Uint8Array) => number,
): Statistics {
  const { isBinary } = population;
  const any = (...names: readonly Statistic[]): boolean => names.some((name) => wanted.has(name));
  const found: Statistics = {};
  const counted = isBinary && any(...OF_EIGHTS) ? onesOfEights(symbols) : symbols;
  if (wanted.has("excursion")) found.excursion = excursion(symbols, population);
  if (any("directionalRuns", "longestDirectionalRun", "increasesOrDecreases")) {
    const { runs, longest, increasesOrDecreases } = directionalRuns(counted);
    found.directionalRuns = runs;
    found.longestDirectionalRun = longest;
    found.increasesOrDecreases = increasesOrDecreases;
  }
  if (any("medianRuns", "longestMedianRun")) {
    const { runs, longest } = medianRuns(symbols, population.upperHalfFrom);
    found.medianRuns = runs;
    found.longestMedianRun = longest;
  }
  if (any("averageCollision", "greatestCollision")) {
    const { average, greatest } = collisions(isBinary ? numbersOfEights(symbols) : symbols);
    found.averageCollision = average;
    found.greatestCollision = greatest;
  }
  for (const lag of LAGS) {
    const [same, together] = [`periodicity${lag}`, `covariance${lag}`] as const;
    if (wanted.has(same)) found[same] = periodicity(counted, lag);
    if (wanted.has(together)) found[together] = covariance(counted, lag);
  }
  if (wanted.has("compression")) found.compression = compression(symbols);
  return found;
}
