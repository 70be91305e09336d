import {
  negativeLog2Epsilon,
  outputEntropy,
  outputEntropyNonVetted,
  type Conditioning,
} from "../../standard/outputEntropy.ts";

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
