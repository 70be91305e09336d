import { strengthWithoutBest } from "./quorum.ts";

/** A block that may be chosen. The order within a source is the order of preference. */
export interface Candidate {
  readonly source: string;
  readonly bits: number;
}

export interface SelectionRequest {
  readonly minimumBits: number;
  readonly sources: number;
  readonly withoutBest: number;
}

/** Does this choice hold `minimumBits` without its best sources, over enough sources? */
export function suffices(chosen: readonly Candidate[], request: SelectionRequest): boolean {
  const bits = bitsBySource(chosen);
  if (bits.size < request.sources) return false;
  const strengths = strengthWithoutBest([...bits.values()]);
  return (strengths[request.withoutBest] ?? 0) >= request.minimumBits;
}

export function bitsBySource(chosen: readonly Candidate[]): Map<string, number> {
  const bits = new Map<string, number>();
  for (const { source, bits: more } of chosen) bits.set(source, (bits.get(source) ?? 0) + more);
  return bits;
}

/**
 * Chooses blocks for a seed, no more than it needs: the weakest source in the choice is given one
 * block after the other until the request is met, and what turns out superfluous goes back. The sum
 * over the weakest n - k sources never falls when a block is added, so when even all blocks together
 * do not suffice nothing does: null is exact.
 */
export function selectBlocks<C extends Candidate>(
  candidates: readonly C[],
  request: SelectionRequest,
): readonly C[] | null {
  const queues = new Map<string, C[]>();
  for (const candidate of candidates) {
    const queue = queues.get(candidate.source);
    if (queue) queue.push(candidate);
    else queues.set(candidate.source, [candidate]);
  }
  // The sources with most blocks first: they are the ones that can spare some.
  const order = [...queues.keys()].sort(
    (one, other) => queues.get(other)!.length - queues.get(one)!.length,
  );
  const wanted = Math.max(1, request.sources, request.withoutBest + 1);
  const chosen: C[] = [];
  const taken = new Map<string, number>(order.slice(0, wanted).map((source) => [source, 0]));
  while (!suffices(chosen, request)) {
    const source = weakest(taken, queues) ?? order.find((id) => !taken.has(id));
    if (source === undefined) return null;
    const block = queues.get(source)!.shift()!;
    chosen.push(block);
    taken.set(source, (taken.get(source) ?? 0) + block.bits);
  }
  for (const block of chosen.toReversed()) {
    const fewer = chosen.filter((other) => other !== block);
    if (suffices(fewer, request)) chosen.splice(chosen.indexOf(block), 1);
  }
  return chosen;
}

/** The source with the fewest bits so far that has a block left. */
function weakest(
  taken: ReadonlyMap<string, number>,
  queues: ReadonlyMap<string, readonly Candidate[]>,
): string | undefined {
  let found: string | undefined;
  for (const [source, bits] of taken) {
    if (queues.get(source)!.length === 0) continue;
    if (found === undefined || bits < taken.get(found)!) found = source;
  }
  return found;
}
