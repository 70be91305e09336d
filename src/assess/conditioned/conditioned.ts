import {
  negativeLog2Epsilon,
  outputEntropy,
  outputEntropyNonVetted,
  type Conditioning,
} from "../../standard/outputEntropy.ts";
import type { Campaign } from "../campaign.ts";
import { estimates, type AnyEstimate, type Group } from "../nonIid/nonIid.ts";
import { bitsOf, type Samples } from "../samples.ts";

export interface ConditionedTask {
  readonly group: Group;
}

/** What SP 800-90B 3.1.5 makes of a conditioning component, in bits an output. */
export interface ComponentEntropy extends Conditioning {
  /** Output_Entropy(n_in, n_out, nw, h_in), for a component of the vetted list (3.1.5.1.2). */
  readonly vetted: number;
  /** -log2(epsilon) of the vetted figure, (1 - epsilon) n_out; full entropy takes 32. Null: epsilon is 0. */
  readonly vettedNegativeLog2Epsilon: number | null;
  /** min(Output_Entropy, 0.999 n_out, h' n_out), for any other (3.1.5.2); null without h'. */
  readonly nonVetted: number | null;
}

/** @param hPrime h', 0 to 1; null where no outputs were assessed */
export function componentEntropy(
  conditioning: Conditioning,
  hPrime: number | null,
): ComponentEntropy {
  const epsilon = negativeLog2Epsilon(conditioning);
  return {
    ...conditioning,
    vetted: outputEntropy(conditioning),
    vettedNegativeLog2Epsilon: Number.isFinite(epsilon) ? epsilon : null,
    nonVetted: hPrime === null ? null : outputEntropyNonVetted(conditioning, hPrime),
  };
}

/** Why there is no such component; null when there may be. */
export function conditioningFault(conditioning: Conditioning): string | null {
  try {
    outputEntropy(conditioning);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

export interface Conditioned {
  readonly bits: number;
  readonly estimates: readonly AnyEstimate[];
  /** h' of 3.1.5.2: the least estimate of the outputs as a bitstring, bits a bit. */
  readonly hPrime: number;
  /** Null where the component's sizes were not given. */
  readonly component: ComponentEntropy | null;
}

const GROUPS: readonly Group[] = ["predictors", "counts"];

/** Outputs of a conditioning component, as a bitstring only (3.1.5.2; NIST's tool with -c). */
export function conditionedCampaign(
  { symbols, bitsPerSymbol }: Samples,
  conditioning: Conditioning | null,
): Campaign<ConditionedTask, readonly AnyEstimate[], Conditioned> {
  const waiting = [...GROUPS];
  const found = new Map<Group, readonly AnyEstimate[]>();
  return {
    next() {
      const group = waiting.shift();
      return group === undefined ? null : { group };
    },
    take({ group }, part) {
      found.set(group, part);
    },
    result() {
      if (found.size < GROUPS.length) return null;
      const all = [...found.get("counts")!, ...found.get("predictors")!];
      const hPrime = all.reduce((low, { minEntropy }) => Math.min(low, minEntropy ?? 1), 1);
      return {
        bits: symbols.length * bitsPerSymbol,
        estimates: all,
        hPrime,
        component: conditioning && componentEntropy(conditioning, hPrime),
      };
    },
    progress: () => `${found.size} of ${GROUPS.length} parts estimated`,
  };
}

/** @param tell called after each estimate */
export function runConditionedTask(
  samples: Samples,
  { group }: ConditionedTask,
  tell: (progress: string) => void,
): readonly AnyEstimate[] {
  const bits: Samples = { symbols: bitsOf(samples), bitsPerSymbol: 1 };
  const found: AnyEstimate[] = [];
  for (const estimate of estimates("literal", group, bits)) {
    found.push(estimate);
    tell(`${estimate.estimator} of the bits`);
  }
  return found;
}
