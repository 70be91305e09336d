/*
 * Binomial probabilities in log space. A cutoff for alpha = 2^-60 asks for tails that 1 - CDF
 * cannot hold in a double, so tails are summed from the far end and kept as base-2 logarithms.
 */

/** ln(n!) - [(n + 1/2) ln n - n + ln(2 pi)/2], exact for small n and by its series beyond. */
function stirlingError(n: number): number {
  if (n === 0) return 0;
  if (n < 16) {
    let factorial = 1;
    for (let i = 2; i <= n; i += 1) factorial *= i; // 15! < 2^53, so this is exact
    return Math.log(factorial) - ((n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI));
  }
  const square = n * n;
  return (
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) /
    n
  );
}

/** x ln(x/m) + m - x without the cancellation near x = m. */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

function checkArguments(trials: number, probability: number): void {
  if (!Number.isSafeInteger(trials) || trials < 0) throw new RangeError(`trials ${trials}`);
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`probability ${probability}`);
}

/**
 * log2 Pr[Bin(trials, probability) = successes], by Loader's saddle-point form: relative error near
 * 1e-14 where a difference of log-factorials would lose digits in proportion to `trials`.
 */
export function log2BinomialPoint(trials: number, probability: number, successes: number): number {
  checkArguments(trials, probability);
  if (successes < 0 || successes > trials || !Number.isInteger(successes)) return -Infinity;
  const p = probability;
  const q = 1 - p;
  if (p === 0) return successes === 0 ? 0 : -Infinity;
  if (q === 0) return successes === trials ? 0 : -Infinity;
  if (successes === 0) return (trials * Math.log1p(-p)) / Math.LN2;
  if (successes === trials) return trials * Math.log2(p);
  const failures = trials - successes;
  const exponent =
    stirlingError(trials) -
    stirlingError(successes) -
    stirlingError(failures) -
    deviance(successes, trials * p) -
    deviance(failures, trials * q) +
    0.5 * Math.log(trials / (2 * Math.PI * successes * failures));
  return exponent / Math.LN2;
}

/**
 * log2 Pr[Bin(trials, probability) >= successes]; 0 for `successes` <= 0, -Infinity beyond `trials`.
 * Accurate in relative terms above the mean, however small; below the mean it is 1 minus the rest.
 */
export function log2BinomialTail(trials: number, probability: number, successes: number): number {
  checkArguments(trials, probability);
  if (successes <= 0) return 0;
  if (successes > trials || probability === 0) return -Infinity;
  if (probability === 1) return 0;
  if (successes <= trials * probability) {
    // The rest, Pr[X <= successes - 1], is the upper tail of the failures.
    const rest = log2BinomialTail(trials, 1 - probability, trials - successes + 1);
    return Math.log1p(-(2 ** rest)) / Math.LN2;
  }
  // Above the mean each term is the previous one times a ratio below 1.
  const odds = probability / (1 - probability);
  let term = 1;
  let sum = 1;
  for (let k = successes; k < trials; k += 1) {
    term *= ((trials - k) / (k + 1)) * odds;
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return log2BinomialPoint(trials, probability, successes) + Math.log2(sum);
}

/**
 * The smallest c with Pr[Bin(trials, probability) >= c] <= 2^-alphaExponent. This is
 * 1 + CRITBINOM(trials, probability, 1 - alpha). It is `trials` + 1 when even all successes are
 * likelier than alpha.
 */
export function smallestCutoff(trials: number, probability: number, alphaExponent: number): number {
  let low = 0; // the tail at 0 is 1, above every alpha < 1
  let high = trials + 1; // the tail there is 0
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (log2BinomialTail(trials, probability, middle) <= -alphaExponent) high = middle;
    else low = middle;
  }
  return high;
}
