import { upperGamma } from "../special/gamma.ts";

/** Probability of so many events or more where `mean` are to be expected. */
export function poissonTail(events: number, mean: number): number {
  if (events === 0) return 1;
  return mean === 0 ? 0 : 1 - upperGamma(events, mean);
}

/**
 * The mean below which that of a Poisson count lies with 95 %: so many events or fewer come with 5 %
 * there, and Pr[N <= n] = Q(n + 1, mean).
 */
export function poissonUpperBound(events: number): number {
  let low = events;
  let high = events + 5 + 5 * Math.sqrt(events + 1);
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (upperGamma(events + 1, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}
