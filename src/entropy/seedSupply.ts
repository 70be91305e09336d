import type { SourceState } from "../port/health.ts";
import type { EntropyBlock, SampleWindow, SourceCredit } from "../port/lineage.ts";
import type { SeedMaterial, SeedRequest, SeedSupply, Shortfall, Unmet } from "../port/seed.ts";
import type { Instant } from "./instant.ts";
import type { Pool, PooledBlock } from "./pool.ts";
import { quorumState, sourcesNeeded, strengthWithoutBest, type QuorumPolicy } from "./quorum.ts";
import { bitsBySource, selectBlocks } from "./selection.ts";

/** A source as the supply sees it at the moment of a request. */
export interface SupplySource {
  readonly id: string;
  readonly physical: boolean;
  readonly state: SourceState;
  /** Its blocks count now. */
  readonly credited: boolean;
}

export interface SupplyTerms {
  readonly pool: Pool;
  readonly policy: QuorumPolicy;
  readonly sources: () => readonly SupplySource[];
  readonly now: () => Instant;
  /** The OS RNG: joins every seed, credited 0. */
  readonly osRandom: (bytes: number) => Uint8Array;
}

/** As much as a DRBG of 256 bits of strength can hold. */
const OS_RANDOM_BYTES = 32;

/** SP 800-90C prediction resistance is asked for with this age: a block younger than a second. */
const FRESH_MILLISECONDS = 1000;

/** Uncredited blocks for one seed, taken out of the pool: one of each healthy source. */
export interface Extra {
  readonly bytes: Uint8Array;
  readonly blocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
}

export function takeUncredited(
  pool: Pool,
  sources: readonly Pick<SupplySource, "id" | "state">[],
  now: Instant,
): Extra {
  const chosen = sources
    .filter(({ state }) => state === "healthy")
    .flatMap(({ id }) => pool.candidates(id, false, null, now).slice(0, 1));
  return {
    bytes: pool.take(chosen),
    blocks: chosen.map(({ block }) => block),
    windows: windowsOf(chosen),
  };
}

/** Each window once, in the order of the blocks. */
function windowsOf(chosen: readonly PooledBlock[]): SampleWindow[] {
  return [
    ...new Map(
      chosen.flatMap(({ windows }) => windows.map((window) => [window.id, window])),
    ).values(),
  ];
}

/** SP 800-90C RBG2: seeds from credited noise, blocks of independent sources concatenated. */
export class EntropySupply implements SeedSupply {
  readonly #terms: SupplyTerms;

  constructor(terms: SupplyTerms) {
    this.#terms = terms;
  }

  /** The policy's quorum holds for every seed, whatever less the request asks for. */
  take(request: SeedRequest): SeedMaterial | Shortfall {
    const { pool, policy } = this.#terms;
    const now = this.#terms.now();
    const sources = this.#terms.sources();
    const wanted = {
      minimumBits: request.minimumBits,
      sources: Math.max(1, request.sources, policy.sources),
      withoutBest: Math.max(request.withoutBest, policy.withoutBest),
    };
    const missing = this.#missing(wanted, sources);
    if (missing !== null) return missing;
    const usable = usableOf(sources);
    const offer = (age: number | null) =>
      usable.flatMap(({ id }) => [...pool.candidates(id, true, age, now)]);
    const chosen = selectBlocks(offer(request.maximumAgeMilliseconds), wanted);
    if (chosen === null) {
      const age = request.maximumAgeMilliseconds;
      if (age === null || selectBlocks(offer(null), wanted) === null) {
        return shortfall(["strength"], "the pool does not hold enough blocks for a seed");
      }
      return shortfall(
        [age <= FRESH_MILLISECONDS ? "fresh" : "max_seed_age"],
        `the pool does not hold enough blocks that are at most ${age} ms old`,
      );
    }
    return this.#material(chosen, sources, now);
  }

  unavailable(): Shortfall | null {
    return this.#missing(this.#terms.policy, this.#terms.sources());
  }

  #missing(wanted: QuorumPolicy, sources: readonly SupplySource[]): Shortfall | null {
    const needed = Math.max(1, sourcesNeeded(wanted));
    const usable = usableOf(sources).length;
    const unmet: Unmet[] = [];
    if (!quorumState(this.#terms.policy, sources).met) unmet.push("quorum");
    if (usable < needed) unmet.push("sources");
    if (unmet.length === 0) return null;
    return shortfall(unmet, `${usable} of ${needed} credited sources are healthy`);
  }

  #material(
    chosen: readonly PooledBlock[],
    sources: readonly SupplySource[],
    now: Instant,
  ): SeedMaterial {
    const { pool, osRandom } = this.#terms;
    const entropyInput = pool.take(chosen);
    const extra = takeUncredited(pool, sources, now);
    const os = osRandom(OS_RANDOM_BYTES);
    const additionalInput = new Uint8Array(extra.bytes.length + os.length);
    additionalInput.set(extra.bytes);
    additionalInput.set(os, extra.bytes.length);
    extra.bytes.fill(0);
    os.fill(0);
    const strengths = strengthWithoutBest([...bitsBySource(chosen).values()]);
    return {
      type: "entropy",
      entropyInput,
      additionalInput,
      blocks: chosen.map(({ block }) => block),
      uncreditedBlocks: extra.blocks,
      windows: [...windowsOf(chosen), ...extra.windows],
      credits: creditsOf(chosen, sources),
      creditedBits: strengths[0]!,
      strengthWithoutBest: strengths,
      fromMilliseconds: Math.min(...chosen.map(({ block }) => block.toMilliseconds)),
    };
  }
}

function usableOf(sources: readonly SupplySource[]): readonly SupplySource[] {
  return sources.filter(({ state, credited }) => state === "healthy" && credited);
}

function creditsOf(
  chosen: readonly PooledBlock[],
  sources: readonly SupplySource[],
): SourceCredit[] {
  return [...bitsBySource(chosen)].map(([source, assessedBits]) => ({
    source,
    physical: sources.some(({ id, physical }) => id === source && physical),
    assessedBits,
    compliantBits: chosen
      .filter((pooled) => pooled.source === source)
      .reduce((sum, { compliantBits }) => sum + compliantBits, 0),
  }));
}

export function shortfall(unmet: readonly Unmet[], detail: string): Shortfall {
  return { type: "shortfall", unmet, detail };
}
