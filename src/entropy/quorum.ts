import type { SourceState } from "../port/health.ts";

/** What every seed must hold by policy (DESIGN 4.10). */
export interface QuorumPolicy {
  /** Independent credited sources that every seed draws on; 0 over a parent (RBGC). */
  readonly sources: number;
  /** A seed's strength must hold without its best this many sources. */
  readonly withoutBest: number;
}

export interface QuorumState extends QuorumPolicy {
  readonly met: boolean;
  /** Sources that are healthy and credited now. */
  readonly available: number;
}

/** Sources needed so that something is left without the best ones. */
export function sourcesNeeded({ sources, withoutBest }: QuorumPolicy): number {
  return Math.max(sources, withoutBest > 0 ? withoutBest + 1 : 0);
}

/** Is the quorum there? Of sources alone: whether their blocks suffice is a seed's question. */
export function quorumState(
  policy: QuorumPolicy,
  sources: readonly { readonly state: SourceState; readonly credited: boolean }[],
): QuorumState {
  const available = sources.filter(({ state, credited }) => state === "healthy" && credited).length;
  const { sources: wanted, withoutBest } = policy;
  return { sources: wanted, withoutBest, available, met: available >= sourcesNeeded(policy) };
}

/**
 * Index k: the bits that remain when the best k sources turn out to be worthless; index 0 is the sum
 * and the last one, without any source, 0.
 * @param bitsPerSource credited bits of each independent source, in any order
 */
export function strengthWithoutBest(bitsPerSource: readonly number[]): number[] {
  const strengths = [0];
  // From the weakest on: adding never cancels digits as subtracting would.
  for (const bits of bitsPerSource.toSorted((one, other) => one - other)) {
    strengths.unshift(strengths[0]! + bits);
  }
  return strengths;
}
