import type { EntropyBlock, SampleWindow, Seed, SourceCredit } from "./lineage.ts";

/** What a DRBG asks of the entropy room. */
export interface SeedRequest {
  /** Credited bits needed, from every source together: 384 to instantiate, 256 to reseed (s = 256). */
  readonly minimumBits: number;
  /** Independent sources that must each be healthy and credited. */
  readonly sources: number;
  /** `minimumBits` must still hold after removing the best this many sources. */
  readonly withoutBest: number;
  /** Only blocks whose last sample is at most this old; null takes any. */
  readonly maximumAgeMilliseconds: number | null;
}

/** Entropy from credited noise: blocks concatenated, each used once and never again. */
export interface EntropyMaterial {
  readonly type: "entropy";
  /** The taker overwrites it after use. */
  readonly entropyInput: Uint8Array;
  /** Uncredited blocks and OS RNG bytes: personalization at instantiate, additional input at reseed. */
  readonly additionalInput: Uint8Array;
  readonly blocks: readonly EntropyBlock[];
  readonly uncreditedBlocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
  readonly credits: readonly SourceCredit[];
  readonly creditedBits: number;
  readonly strengthWithoutBest: readonly number[];
  readonly fromMilliseconds: number;
}

/** Randomness from a parent that has a security strength and no entropy (SP 800-90C 7: RBGC). */
export interface ParentMaterial {
  readonly type: "parent";
  readonly parentName: string;
  readonly securityStrength: number;
  readonly randomness: Uint8Array;
  readonly additionalInput: Uint8Array;
  readonly uncreditedBlocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
  readonly fromMilliseconds: number;
}

export type SeedMaterial = EntropyMaterial | ParentMaterial;

/** Why there is no seed: words for `unmet`, from `port/errors.ts`'s list of requirements. */
export interface Shortfall {
  readonly type: "shortfall";
  readonly unmet: readonly Unmet[];
  readonly detail: string;
}

/** The requirements a refusal can name. */
export const UNMET = ["strength", "sources", "max_seed_age", "fresh", "quorum", "parent"] as const;
export type Unmet = (typeof UNMET)[number];

/** Where seeds come from: the entropy room in an RBG2, the OS RNG in an RBGC. Answers at once. */
export interface SeedSupply {
  take(request: SeedRequest): SeedMaterial | Shortfall;
  /**
   * Why no seed may be put to use now, even one that was taken before: the quorum is not met, the
   * parent is not healthy. Null when nothing stands against it. Cheap; a full pool or an empty one
   * makes no difference.
   */
  unavailable(): Shortfall | null;
}

/** Makes a seed's record durable, with its blocks and windows, before its first output. */
export interface SeedRecorder {
  record(
    seed: Seed,
    blocks: readonly EntropyBlock[],
    windows: readonly SampleWindow[],
  ): Promise<void>;
}
