import type { Conditioning } from "../../standard/outputEntropy.ts";
import type { Campaign } from "../campaign.ts";
import { estimates, type AnyEstimate, type Group } from "../nonIid/nonIid.ts";
import { bitsOf, type Samples } from "../samples.ts";
import { componentEntropy, type ComponentEntropy } from "./component.ts";

export interface ConditionedTask {
  readonly group: Group;
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
