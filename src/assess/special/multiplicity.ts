/** Indices of the p-values, least first; equal ones in their order. */
const ascending = (pValues: readonly number[]): number[] =>
  pValues.map((_, index) => index).sort((one, other) => pValues[one]! - pValues[other]!);

/**
 * Holm's adjusted p-values, in the order of the input: rejecting those at or below alpha keeps the
 * probability of even one false rejection at or below alpha, whatever the tests have to do with each other.
 */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = Array.from(pValues, () => 1);
  let most = 0;
  for (const [rank, index] of ascending(pValues).entries()) {
    most = Math.max(most, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = most;
  }
  return adjusted;
}

/**
 * Benjamini and Hochberg's adjusted p-values, in the order of the input: rejecting those at or below
 * alpha keeps the expected share of false ones among the rejected at or below alpha, for tests that are
 * independent or depend positively.
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const adjusted = Array.from(pValues, () => 1);
  let least = 1;
  for (const [fromLast, index] of ascending(pValues).toReversed().entries()) {
    least = Math.min(least, (pValues.length / (pValues.length - fromLast)) * pValues[index]!);
    adjusted[index] = least;
  }
  return adjusted;
}
