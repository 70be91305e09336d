import { erfc } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import {
  notApplicable,
  pValueOfChiSquare,
  tooFewBits,
  type StsNotApplicable,
  type StsOutcome,
  type StsResult,
} from "./outcome.ts";

/** States of the excursions test are -4 to 4, of the variant -9 to 9, without 0. */
const NEAR = 4;
const FAR = 9;
/** Visits in a cycle: 0 to 4, and 5 or more. */
const BINS = 6;
/** 2.14.7 and 2.15.7. */
const MINIMUM_BITS = 1_000_000;

/** The walk of +-1 steps, cut where it comes back to 0 (SP 800-22 r1a 2.14.4). */
export interface Walk {
  readonly length: number;
  /** J; the last one may end away from 0. */
  readonly cycles: number;
  /** Visits to state x at [x + 9]. */
  readonly visits: Uint32Array;
  /** Cycles with k visits (5: or more) to state x at [6 (x + 4) + k]. */
  readonly cyclesByVisits: Uint32Array;
}

export function walkOf({ bits, length }: BitSequence): Walk {
  const visits = new Uint32Array(2 * FAR + 1);
  const cyclesByVisits = new Uint32Array((2 * NEAR + 1) * BINS);
  const inCycle = new Uint32Array(2 * NEAR + 1);
  let cycles = 0;
  let at = 0;
  let sum = 0;
  const endCycle = (): void => {
    cycles++;
    for (let state = 0; state < inCycle.length; state++) {
      cyclesByVisits[BINS * state + Math.min(inCycle[state]!, BINS - 1)]!++;
      inCycle[state] = 0;
    }
  };
  while (at < length) {
    sum += 2 * bits[at++]! - 1;
    if (sum === 0) endCycle();
    else if (sum >= -FAR && sum <= FAR) {
      visits[sum + FAR]!++;
      if (sum >= -NEAR && sum <= NEAR) inCycle[sum + NEAR]!++;
    }
  }
  if (sum !== 0) endCycle();
  return { length, cycles, visits, cyclesByVisits };
}

function cannotRun(test: StsNotApplicable["test"], walk: Walk): StsNotApplicable | null {
  if (walk.length < MINIMUM_BITS) return tooFewBits(test, walk.length, MINIMUM_BITS);
  // 2.14.4 (3), and NIST's program for both tests.
  const minimumCycles = Math.max(0.005 * Math.sqrt(walk.length), 500);
  if (walk.cycles >= minimumCycles) return null;
  const reason = `needs at least ${minimumCycles} cycles, the stream has ${walk.cycles}`;
  return notApplicable(test, reason, { cycles: walk.cycles, minimumCycles });
}

const statesUpTo = (furthest: number): number[] =>
  Array.from({ length: 2 * furthest + 1 }, (_, index) => index - furthest).filter(
    (state) => state !== 0,
  );

const labelOf = (state: number): string => (state > 0 ? `+${state}` : String(state));

/** SP 800-22 r1a 3.14: the probabilities of 0 to 4 and more visits to a state in a cycle. */
function probabilitiesOf(state: number): number[] {
  const away = 1 / (2 * Math.abs(state));
  const stays = 1 - away;
  return [stays, ...[0, 1, 2, 3].map((power) => away ** 2 * stays ** power), away * stays ** 4];
}

/** SP 800-22 r1a 2.14, the random excursions test: eight states. */
export function randomExcursions(walk: Walk): StsOutcome {
  const test = "random-excursions";
  const { cycles, cyclesByVisits } = walk;
  return (
    cannotRun(test, walk) ?? {
      test,
      applies: true,
      parameters: { cycles },
      results: statesUpTo(NEAR).map((state): StsResult => {
        let statistic = 0;
        for (const [bin, probability] of probabilitiesOf(state).entries()) {
          const expected = cycles * probability;
          const found = cyclesByVisits[BINS * (state + NEAR) + bin]!;
          statistic += (found - expected) ** 2 / expected;
        }
        const pValue = pValueOfChiSquare(statistic, BINS - 1);
        return { label: labelOf(state), statistic, pValue };
      }),
    }
  );
}

/** SP 800-22 r1a 2.15, the random excursions variant test: eighteen states. */
export function randomExcursionsVariant(walk: Walk): StsOutcome {
  const test = "random-excursions-variant";
  const { cycles, visits } = walk;
  return (
    cannotRun(test, walk) ?? {
      test,
      applies: true,
      parameters: { cycles },
      results: statesUpTo(FAR).map((state): StsResult => {
        const statistic = visits[state + FAR]!;
        const spread = Math.sqrt(2 * cycles * (4 * Math.abs(state) - 2));
        const pValue = erfc(Math.abs(statistic - cycles) / spread);
        return { label: labelOf(state), statistic, pValue };
      }),
    }
  );
}
