import { upperGamma } from "../special/gamma.ts";
import type { Dataset } from "../nonIid/dataset.ts";

/** SP 800-90B 5.2: a p-value below this fails. */
export const LEAST_P_VALUE = 0.001;
/** What a bin must let expect (5.2.1 step 3). */
const LEAST_EXPECTATION = 5;
const BLOCKS = 10;
/** The longest tuple of bits (5.2.3). */
const LONGEST_TUPLE = 11;

export type ChiSquare =
  | {
      readonly statistic: number;
      readonly degrees: number;
      readonly pValue: number;
      readonly passed: boolean;
    }
  | { readonly passed: null; readonly notApplicable: string };

function verdict(statistic: number, degrees: number): ChiSquare {
  if (degrees < 1)
    return { passed: null, notApplicable: "too few samples for as many bins as it takes" };
  const pValue = upperGamma(degrees / 2, statistic / 2);
  return { statistic, degrees, pValue, passed: pValue >= LEAST_P_VALUE };
}

interface Bins {
  readonly expectations: readonly number[];
  /** By cell. */
  readonly binOf: Uint32Array;
}

/** Cells from the rarest on, joined until each bin lets expect 5 (5.2.1 step 3 and 5.2.2 step 3). */
function binsOf(cells: Float64Array): Bins {
  const order = Uint32Array.from(cells.keys()).sort(
    (one, other) => cells[one]! - cells[other]! || one - other,
  );
  const binOf = new Uint32Array(cells.length);
  const expectations: number[] = [];
  let expected = 0;
  for (const cell of order) {
    if (expected >= LEAST_EXPECTATION) {
      expectations.push(expected);
      expected = 0;
    }
    binOf[cell] = expectations.length;
    expected += cells[cell]!;
  }
  const last = expectations.length;
  if (last > 0 && expected < LEAST_EXPECTATION) {
    expectations[last - 1]! += expected;
    for (const cell of order) if (binOf[cell] === last) binOf[cell] = last - 1;
  } else expectations.push(expected);
  return { expectations, binOf };
}

/** Pearson's statistic of one set of counts. */
function distance(observed: ArrayLike<number>, expectations: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < expectations.length; bin++)
    sum += (observed[bin]! - expectations[bin]!) ** 2 / expectations[bin]!;
  return sum;
}

/**
 * Summed up in the way of NIST's tool: which of two cells that let expect the same comes first in the
 * bins is decided by the last digits, and the figures are to be the tool's.
 */
function proportions({ symbols, alphabet }: Dataset): Float64Array {
  const shares = new Float64Array(alphabet);
  const share = 1 / symbols.length;
  for (const symbol of symbols) shares[symbol]! += share;
  return shares;
}

/** Of two symbols. */
function twoProportions({ symbols }: Dataset): readonly [number, number] {
  const one = symbols.reduce((sum, bit) => sum + bit, 0) / symbols.length;
  return [1 - one, one];
}

/** Whether a symbol says something of the next: 5.2.1, and 5.2.3 for two symbols. */
export function independence(dataset: Dataset): ChiSquare {
  return dataset.alphabet === 2 ? binaryIndependence(dataset) : pairIndependence(dataset);
}

function pairIndependence(dataset: Dataset): ChiSquare {
  const { symbols, alphabet } = dataset;
  const shares = proportions(dataset);
  const pairs = Math.floor(symbols.length / 2);
  const cells = new Float64Array(alphabet * alphabet);
  for (let first = 0; first < alphabet; first++)
    for (let second = 0; second < alphabet; second++)
      cells[first * alphabet + second] = shares[first]! * shares[second]! * pairs;
  const { expectations, binOf } = binsOf(cells);
  const observed = new Uint32Array(expectations.length);
  for (let at = 0; at + 1 < symbols.length; at += 2)
    observed[binOf[symbols[at]! * alphabet + symbols[at + 1]!]!]! += 1;
  // alphabet - 1 shares were taken from the same samples.
  return verdict(distance(observed, expectations), expectations.length - alphabet);
}

function binaryIndependence(dataset: Dataset): ChiSquare {
  const { symbols } = dataset;
  const [zero, one] = twoProportions(dataset);
  const tuplesOf = (size: number): number => Math.floor(symbols.length / size);
  let size = LONGEST_TUPLE;
  while (size > 1 && Math.min(zero, one) ** size * tuplesOf(size) < LEAST_EXPECTATION) size--;
  if (size < 2)
    return { passed: null, notApplicable: "the rarer symbol is too rare for tuples of two" };
  const observed = new Uint32Array(2 ** size);
  for (let tuple = 0; tuple < tuplesOf(size); tuple++) {
    let value = 0;
    for (let bit = 0; bit < size; bit++) value = value * 2 + symbols[tuple * size + bit]!;
    observed[value]! += 1;
  }
  const expectations = Float64Array.from(observed, (_count, value) => {
    let ones = 0;
    for (let rest = value; rest > 0; rest >>>= 1) ones += rest & 1;
    return one ** ones * zero ** (size - ones) * tuplesOf(size);
  });
  return verdict(distance(observed, expectations), 2 ** size - 2);
}

/** Whether ten parts of the samples have the distribution of the whole: 5.2.2, and 5.2.4 for two symbols. */
export function goodnessOfFit(dataset: Dataset): ChiSquare {
  const { symbols, alphabet } = dataset;
  const block = Math.floor(symbols.length / BLOCKS);
  const shares = alphabet === 2 ? twoProportions(dataset) : proportions(dataset);
  const cells = Float64Array.from(shares, (share) => share * block);
  const { expectations, binOf } =
    alphabet === 2 ? { expectations: cells, binOf: Uint32Array.of(0, 1) } : binsOf(cells);
  if (alphabet === 2 && Math.min(...cells) < LEAST_EXPECTATION)
    return { passed: null, notApplicable: "the rarer symbol is too rare for ten blocks" };
  let statistic = 0;
  for (let from = 0; from < BLOCKS * block; from += block) {
    const observed = new Uint32Array(expectations.length);
    for (let at = from; at < from + block; at++) observed[binOf[symbols[at]!]!]! += 1;
    statistic += distance(observed, expectations);
  }
  return verdict(statistic, (BLOCKS - 1) * (expectations.length - 1));
}
