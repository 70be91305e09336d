/** Lanczos, g = 7, 9 terms: relative error below 1e-14 for x >= 1/2. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/** ln Gamma(x). @param x at least 1/2 */
export function logGamma(x: number): number {
  const shifted = x - 1;
  const t = shifted + 7.5;
  let sum: number = LANCZOS[0];
  for (let term = 1; term < LANCZOS.length; term++) sum += LANCZOS[term]! / (shifted + term);
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

const TERMS = 100_000;

/** P(a, x) by its series (NIST DLMF 8.11.4), for x < a + 1. */
function lowerSeries(a: number, x: number, logPrefix: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < TERMS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum * Math.exp(logPrefix);
}

/** Q(a, x) by its continued fraction (NIST DLMF 8.9.2, by Lentz's method), for x >= a + 1. */
function upperFraction(a: number, x: number, logPrefix: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = an * d + b;
    if (Math.abs(d) < tiny) d = tiny;
    c = b + an / c;
    if (Math.abs(c) < tiny) c = tiny;
    d = 1 / d;
    const delta = d * c;
    h *= delta;
    if (Math.abs(delta - 1) < 1e-16) break;
  }
  return h * Math.exp(logPrefix);
}

/**
 * The regularised upper incomplete gamma function Q(a, x), `igamc` of SP 800-22: the p-value of a
 * chi-square statistic is Q(degrees / 2, statistic / 2).
 * @param a greater than or equal to 1/2
 * @param x at least 0
 */
export function upperGamma(a: number, x: number): number {
  if (!(a >= 0.5) || !(x >= 0)) throw new RangeError("upperGamma takes a >= 1/2 and x >= 0");
  if (x === 0) return 1;
  if (x === Infinity) return 0;
  const logPrefix = a * Math.log(x) - x - logGamma(a);
  return x < a + 1 ? 1 - lowerSeries(a, x, logPrefix) : upperFraction(a, x, logPrefix);
}

/** The complementary error function. */
export function erfc(x: number): number {
  return x < 0 ? 2 - upperGamma(0.5, x * x) : upperGamma(0.5, x * x);
}
