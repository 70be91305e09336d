import { bitsOfProbability, upperBound, type Estimate } from "./estimate.ts";

export interface Predictions {
  /** How many predictions were tried (N). */
  readonly tried: number;
  readonly correct: number;
  readonly longestRun: number;
}

export type Predictor<Name extends string> = Estimate<
  Name,
  {
    /** C, N and r (one more than the longest run of correct predictions) of SP 800-90B 6.3.7. */
    readonly correct: number;
    readonly tried: number;
    readonly r: number;
    readonly pGlobal: number;
    readonly pGlobalUpper: number;
    /** Null where it cannot change the result. */
    readonly pLocal: number | null;
  }
>;

/** ln 0.99: the chance of no run of r in N predictions that P_local is solved for. */
const LOG_NO_RUN = Math.log(0.99);
const STEPS = 100;

/**
 * ln of the chance that no run of r correct predictions comes in N (Feller), and 0.99 is to be met.
 * In y = x - 1, since x is so close to 1 that its own digits would be lost.
 */
function logNoRun(p: number, r: number, tried: number): number {
  const q = 1 - p;
  const constant = Math.log(q) + r * Math.log(p);
  let y = 0;
  for (let step = 0; step < STEPS; step++) {
    const next = Math.exp(constant + (r + 1) * Math.log1p(y));
    if (next === y) break;
    y = next;
  }
  return Math.log1p((-p * y) / q) - Math.log1p(-r * y) - (tried + 1) * Math.log1p(y);
}

/** The last steps of the four predictors (SP 800-90B 6.3.7 to 6.3.10). @param alphabet k */
export function predictionEstimate<Name extends string>(
  estimator: Name,
  { tried, correct, longestRun }: Predictions,
  alphabet: number,
): Predictor<Name> {
  const r = longestRun + 1;
  const pGlobal = correct / tried;
  const pGlobalUpper = correct === 0 ? 1 - 0.01 ** (1 / tried) : upperBound(pGlobal, tried);
  const least = Math.max(1 / alphabet, pGlobalUpper);
  let pLocal: number | null = null;
  if (least < 1 && logNoRun(least, r, tried) > LOG_NO_RUN) {
    let low = least;
    let high = 1;
    for (let step = 0; step < STEPS; step++) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      if (logNoRun(middle, r, tried) > LOG_NO_RUN) low = middle;
      else high = middle;
    }
    pLocal = high;
  }
  const minEntropy = bitsOfProbability(Math.max(least, pLocal ?? 0));
  return { estimator, minEntropy, correct, tried, r, pGlobal, pGlobalUpper, pLocal };
}
