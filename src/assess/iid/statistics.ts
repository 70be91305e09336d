import type { OrderKernel, Scale } from "../../kernel/order/orderKernel.ts";

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
  /** The same as a rule. */
  readonly scale: Scale;
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
    const [low, high] = present as [number, number];
    const scale = { low, step: high - low, most: 1 };
    return { symbols, isBinary, valueOf, scale, mean, median: 0.5, upperHalfFrom: 1 };
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
    scale: { low: 0, step: 1, most: 255 },
    mean,
    median,
    upperHalfFrom: present[Math.ceil(median)]!,
  };
}

/** Octets of a kernel's memory that an `Order` takes. @param length of the samples */
export const roomFor = (length: number): number => length + 2 * Math.ceil(length / 8);

/** The samples in some order, in the memory of a kernel, and the statistics of that order. */
export class Order {
  /** To be put in whatever order. */
  readonly symbols: Uint8Array;
  readonly #kernel: OrderKernel;
  readonly #population: Population;
  readonly #ones: Uint8Array;
  readonly #numbers: Uint8Array;

  constructor(kernel: OrderKernel, population: Population) {
    const { length } = population.symbols;
    const eights = population.isBinary ? Math.ceil(length / 8) : 0;
    this.#kernel = kernel;
    this.#population = population;
    this.symbols = kernel.allocate(length);
    this.#ones = kernel.allocate(eights);
    this.#numbers = kernel.allocate(eights);
  }

  /** As the samples came. */
  reset(): void {
    this.symbols.set(this.#population.symbols);
  }

  /** @param compression of the order */
  statistics(
    wanted: ReadonlySet<Statistic>,
    compression: (symbols: Uint8Array) => number,
  ): Statistics {
    const { symbols } = this;
    const kernel = this.#kernel;
    const { isBinary, scale, mean, upperHalfFrom } = this.#population;
    const any = (...names: readonly Statistic[]): boolean => names.some((name) => wanted.has(name));
    const found: Statistics = {};
    if (isBinary && any(...OF_EIGHTS)) kernel.onesOfEights(symbols, this.#ones);
    const counted = isBinary ? this.#ones : symbols;
    if (wanted.has("excursion")) found.excursion = kernel.excursion(symbols, scale, mean);
    if (any("directionalRuns", "longestDirectionalRun", "increasesOrDecreases")) {
      const { runs, longest, increasesOrDecreases } = kernel.directionalRuns(counted);
      found.directionalRuns = runs;
      found.longestDirectionalRun = longest;
      found.increasesOrDecreases = increasesOrDecreases;
    }
    if (any("medianRuns", "longestMedianRun")) {
      const { runs, longest } = kernel.medianRuns(symbols, upperHalfFrom);
      found.medianRuns = runs;
      found.longestMedianRun = longest;
    }
    if (any("averageCollision", "greatestCollision")) {
      if (isBinary) kernel.numbersOfEights(symbols, this.#numbers);
      const { average, greatest } = kernel.collisions(isBinary ? this.#numbers : symbols);
      found.averageCollision = average;
      found.greatestCollision = greatest;
    }
    for (const lag of LAGS) {
      const [same, together] = [`periodicity${lag}`, `covariance${lag}`] as const;
      if (wanted.has(same)) found[same] = kernel.periodicity(counted, lag);
      if (wanted.has(together)) found[together] = kernel.covariance(counted, lag);
    }
    if (wanted.has("compression")) found.compression = compression(symbols);
    return found;
  }
}
