import { logGamma } from "../special/gamma.ts";

/**
 * P(at least `successes` in `trials` of chance `chance`), summed term by term.
 * @param chance more than 0, less than 1
 */
export function binomialUpperTail(successes: number, trials: number, chance: number): number {
  if (!(chance > 0 && chance < 1)) throw new RangeError("a chance is more than 0, less than 1");
  if (successes <= 0) return 1;
  const logTerm = (count: number): number =>
    logGamma(trials + 1) -
    logGamma(count + 1) -
    logGamma(trials - count + 1) +
    count * Math.log(chance) +
    (trials - count) * Math.log1p(-chance);
  // The shorter tail keeps its digits: what is above the mean, or what is left of 1 below it.
  const isUpper = successes > trials * chance;
  let sum = 0;
  for (
    let count = isUpper ? successes : successes - 1;
    isUpper ? count <= trials : count >= 0;
    count += isUpper ? 1 : -1
  ) {
    const term = Math.exp(logTerm(count));
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return isUpper ? sum : Math.max(0, 1 - sum);
}
