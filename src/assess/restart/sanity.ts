import { log2BinomialTail } from "../../standard/binomial.ts";

/** r and c of SP 800-90B 3.1.4.1: restarts, and the samples that are taken after each. */
export const RESTARTS = 1000;
export const SAMPLES_PER_RESTART = 1000;

/** 0.01 over 2,000 rows and columns, as SP 800-90B 3.1.4.3 prints it. */
export const ALPHA_PRINTED = 5e-6;
/** As NIST's tool: 1 % for all 2,000 rows and columns together, as if they were independent. */
export const ALPHA_TOOL = -Math.expm1(Math.log(0.99) / (RESTARTS + SAMPLES_PER_RESTART));

/**
 * The most often that any symbol may occur in a row or a column, by 3.1.4.3 as it is printed: the
 * largest F with Pr[Bin(1000, 2^-H) >= F] >= alpha.
 * @param entropy H_I, bits a sample, above 0
 */
export function printedCutoff(entropy: number): number {
  const log2Alpha = Math.log2(ALPHA_PRINTED);
  let passing = 0;
  let failing = SAMPLES_PER_RESTART + 1;
  while (failing - passing > 1) {
    const middle = (passing + failing) >>> 1;
    const tail = log2BinomialTail(SAMPLES_PER_RESTART, 2 ** -entropy, middle);
    if (tail >= log2Alpha) passing = middle;
    else failing = middle;
  }
  return passing;
}

/**
 * The same by the rule of NIST's tool: the 1 - alpha quantile of the largest count among 1,000 samples
 * of a source that has as many symbols of probability 2^-H as there is room for, and one more for the
 * rest (the inverted near-uniform distribution). The tool simulates it; this is exact.
 */
export function toolCutoff(entropy: number): number {
  let below = 0;
  let reached = SAMPLES_PER_RESTART;
  while (reached - below > 1) {
    const middle = (below + reached) >>> 1;
    if (exceedance(entropy, middle) <= ALPHA_TOOL) reached = middle;
    else below = middle;
  }
  return reached;
}

/**
 * The probability that some symbol of that distribution occurs more than `most` times in 1,000
 * samples. Counts that add up to 1,000 are Poisson counts under that condition, so that
 *   Pr[all <= most] = [x^1000] prod_i sum_(j <= most) Pois(j; 1000 p_i) x^j / Pois(1000; 1000).
 */
export function exceedance(entropy: number, most: number): number {
  const probability = 2 ** -entropy;
  const alike = Math.floor(1 / probability);
  const rest = 1 - alike * probability;
  let product = power(truncatedPoisson(probability, most), alike);
  // A rest of a rounding error is none.
  if (rest > 1e-12) product = multiplied(product, truncatedPoisson(rest, most));
  const all = product[SAMPLES_PER_RESTART]! / poisson(1)[SAMPLES_PER_RESTART]!;
  return Math.max(0, 1 - all);
}

/** Pois(j; 1000 probability) for j from 0 to 1,000, in logarithms until the end, for e^-1000 is 0. */
function poisson(probability: number): Float64Array {
  const mean = SAMPLES_PER_RESTART * probability;
  const terms = new Float64Array(SAMPLES_PER_RESTART + 1);
  let logFactorial = 0;
  for (let count = 0; count < terms.length; count++) {
    if (count > 0) logFactorial += Math.log(count);
    terms[count] = Math.exp(count * Math.log(mean) - mean - logFactorial);
  }
  return terms;
}

function truncatedPoisson(probability: number, most: number): Float64Array {
  return poisson(probability).fill(0, most + 1);
}

/** Of polynomials, without the powers above the 1,000th. All terms are positive, so no digit is lost. */
function multiplied(one: Float64Array, other: Float64Array): Float64Array {
  const product = new Float64Array(SAMPLES_PER_RESTART + 1);
  for (let i = 0; i < product.length; i++) {
    const factor = one[i]!;
    if (factor === 0) continue;
    for (let j = 0; i + j < product.length; j++) product[i + j]! += factor * other[j]!;
  }
  return product;
}

function power(base: Float64Array, exponent: number): Float64Array {
  let result: Float64Array = new Float64Array(SAMPLES_PER_RESTART + 1);
  result[0] = 1;
  let square = base;
  for (let left = exponent; left > 0; left >>>= 1) {
    if (left & 1) result = multiplied(result, square);
    if (left > 1) square = multiplied(square, square);
  }
  return result;
}

/** F: the largest count of any symbol in any row, and in any column. */
export function largestCounts(matrix: Uint8Array): {
  readonly rows: number;
  readonly columns: number;
} {
  return {
    rows: largestCount(matrix, SAMPLES_PER_RESTART, 1),
    columns: largestCount(matrix, 1, SAMPLES_PER_RESTART),
  };
}

function largestCount(matrix: Uint8Array, step: number, within: number): number {
  const counts = new Uint16Array(256);
  let largest = 0;
  for (let line = 0; line < RESTARTS; line++) {
    counts.fill(0);
    for (let at = 0; at < SAMPLES_PER_RESTART; at++) {
      const count = ++counts[matrix[line * step + at * within]!]!;
      if (count > largest) largest = count;
    }
  }
  return largest;
}

/** The column dataset: the first samples after all restarts, then the second ones, and so on. */
export function transposed(matrix: Uint8Array): Uint8Array {
  const columns = new Uint8Array(matrix.length);
  for (let row = 0; row < RESTARTS; row++)
    for (let column = 0; column < SAMPLES_PER_RESTART; column++)
      columns[column * RESTARTS + row] = matrix[row * SAMPLES_PER_RESTART + column]!;
  return columns;
}
