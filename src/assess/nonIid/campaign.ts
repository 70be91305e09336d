import type { Campaign } from "../campaign.ts";
import type { Samples } from "../samples.ts";
import {
  assembleNonIid,
  estimates,
  type AnyEstimate,
  type Group,
  type NonIid,
  type Part,
} from "./nonIid.ts";

export interface NonIidTask {
  readonly part: Part;
  readonly group: Group;
}

/** The longest first, so that threads end together. */
const TASKS: readonly NonIidTask[] = [
  { part: "bitstring", group: "counts" },
  { part: "bitstring", group: "predictors" },
  { part: "literal", group: "predictors" },
  { part: "literal", group: "counts" },
];

/** The non-IID track in quarters. */
export function nonIidCampaign(
  samples: Samples,
): Campaign<NonIidTask, readonly AnyEstimate[], NonIid> {
  const waiting = [...TASKS];
  const found = new Map<NonIidTask, readonly AnyEstimate[]>();
  let whole: NonIid | null = null;
  const of = (part: Part, group: Group): readonly AnyEstimate[] =>
    [...found].find(([task]) => task.part === part && task.group === group)?.[1] ?? [];
  return {
    next: () => waiting.shift() ?? null,
    take(task, part) {
      found.set(task, part);
    },
    result() {
      if (found.size < TASKS.length) return null;
      // Asked for by every thread; it passes over all samples.
      whole ??= assembleNonIid(
        samples,
        [...of("literal", "counts"), ...of("literal", "predictors")],
        [...of("bitstring", "counts"), ...of("bitstring", "predictors")],
      );
      return whole;
    },
    progress: () => `${found.size} of ${TASKS.length} parts estimated`,
  };
}

/** @param tell called after each estimate */
export function runNonIidTask(
  samples: Samples,
  { part, group }: NonIidTask,
  tell: (progress: string) => void,
): readonly AnyEstimate[] {
  const found: AnyEstimate[] = [];
  for (const estimate of estimates(part, group, samples)) {
    found.push(estimate);
    tell(`${estimate.estimator} of the ${part === "literal" ? "symbols" : "bits"}`);
  }
  return found;
}
