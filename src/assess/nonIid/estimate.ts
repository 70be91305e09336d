/**
 * What one estimator came to: its figure in bits a symbol, with every intermediate value that NIST's
 * tool prints. One that cannot run has a reason and no figure, so that none can leak into a minimum.
 */
export type Estimate<Name extends string, Values> =
  | ({ readonly estimator: Name; readonly minEntropy: number } & Values)
  | { readonly estimator: Name; readonly minEntropy: null; readonly notApplicable: string };

/** The 0.995 quantile of the normal distribution, in the precision of NIST's tool; 90B prints 2.576. */
export const Z = 2.5758293035489008;

/** The upper end of the 99 % confidence interval of a proportion (SP 800-90B 6.3.1 step 3). */
export function upperBound(proportion: number, length: number): number {
  const spread = Math.sqrt((proportion * (1 - proportion)) / (length - 1));
  return Math.min(1, proportion + Z * spread);
}

export function bitsOfProbability(probability: number): number {
  // Not -0 for certainty.
  return probability === 1 ? 0 : -Math.log2(probability);
}
