import type { Alarm, HealthTestName } from "./health.ts";

/*
 * The four records that everything hangs on: window -> block -> seed -> output. None of them holds a
 * value or a plain hash of one. Times are Unix milliseconds. Identifiers are `<letter>-<boot>-<n>`,
 * where boot is 16 hex digits chosen at each start: unique without a write.
 */

/** Consecutive samples of one source under one configuration; at most 65,536 samples or 1 s. */
export interface SampleWindow {
  readonly id: string;
  readonly source: string;
  /** Sequence numbers of the first and last sample, counted over the life of the service. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly fromMilliseconds: number;
  readonly toMilliseconds: number;
  readonly samples: number;
  /** Min-entropy per sample claimed for it, bits. */
  readonly claimedEntropy: number;
  /** Version of the configuration it was tested under: first 16 hex digits of its SHA-256. */
  readonly configurationVersion: string;
  readonly firmware: string | null;
  readonly verdict: "passed" | "alarmed";
  readonly alarms: readonly Alarm[];
  /** Distance to the intermittent cutoff at the closest approach within this window. */
  readonly margins: Readonly<Partial<Record<HealthTestName, number>>>;
}

/** One output of a conditioning component. Its samples are of one source. */
export interface EntropyBlock {
  readonly id: string;
  readonly source: string;
  readonly windows: readonly string[];
  readonly component: string;
  /** SP 800-90B 3.1.5: bits in, min-entropy in, bits out, min-entropy out. */
  readonly inputBits: number;
  readonly inputEntropy: number;
  readonly outputBits: number;
  readonly outputEntropy: number;
  readonly fullEntropy: boolean;
  /** True when the source may be credited; an uncredited block only ever enters as additional input. */
  readonly credited: boolean;
  /** Time of its last sample. */
  readonly toMilliseconds: number;
}

export type SeedKind = "instantiate" | "reseed";
export const RESEED_REASONS = [
  "start",
  "output_limit", // SP 800-90C: 2^17 bits since the last (re)seed, or the RBGC policy's bytes
  "request_limit",
  "age",
  "requirement", // a request asked for a younger or a stronger seed
  "fresh", // prediction resistance
  "clock_jump", // resume, or the wall clock moved against the monotonic one
  "generation_change", // the virtual machine was cloned or rolled back
  "operator",
] as const;
export type ReseedReason = (typeof RESEED_REASONS)[number];

export interface SourceCredit {
  readonly source: string;
  readonly physical: boolean;
  /** Bits credited by the operator's assessment, and by a certificate (0 without one). */
  readonly assessedBits: number;
  readonly compliantBits: number;
}

/** The randomness source above an RBGC-shaped instance: strength, not entropy. */
export interface ParentRandomness {
  readonly name: string;
  readonly securityStrength: number;
  readonly bytes: number;
}

/** What one (re)seed put into one DRBG instance. */
export interface Seed {
  readonly id: string;
  readonly instance: string;
  readonly shape: Shape;
  readonly kind: SeedKind;
  readonly reason: ReseedReason;
  readonly atMilliseconds: number;
  /** Time of the oldest last sample in it (or of the parent's draw): what a seed's age counts from. */
  readonly materialFromMilliseconds: number;
  readonly blocks: readonly string[];
  /** Blocks that went in credited 0, as personalization string or additional input. */
  readonly uncreditedBlocks: readonly string[];
  readonly credits: readonly SourceCredit[];
  readonly creditedBits: number;
  /** Index k: bits that remain without the best k sources; index 0 is `creditedBits`. */
  readonly strengthWithoutBest: readonly number[];
  readonly parent: ParentRandomness | null;
  /** Reseed counters up to and including this one are reserved to it. */
  readonly counterLimit: number;
}

/** The story of one output, as `GET /v1/outputs/{id}` tells it. */
export interface OutputStory {
  /** `seed.counter`. */
  readonly id: string;
  readonly seed: Seed;
  readonly counter: number;
  readonly blocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
  /** The output's own record where one was kept (keys, receipted outputs), else null. */
  readonly output: Output | null;
}

/** What one generate handed out. Kept one by one for keys, and as counts for small requests. */
export interface Output {
  readonly id: string;
  readonly seed: string;
  readonly instance: string;
  readonly counter: number;
  readonly principal: string;
  readonly door: Door;
  readonly purpose: string;
  readonly bytes: number;
  readonly requirement: Requirement;
  readonly atMilliseconds: number;
}

export const DOORS = ["http", "stream", "websocket", "keys", "fresh", "internal"] as const;
export type Door = (typeof DOORS)[number];

/** The construction's shape in SP 800-90C's words. `RBGC` here has the OS RNG as its parent. */
export type Shape = "RBG2(P)" | "RBG2(NP)" | "RBGC";

/** What a request may demand of its output. Absent members demand nothing. */
export interface Requirement {
  /** Security strength in bits. */
  readonly strength?: number;
  /** Independent credited sources that the seed must draw on. */
  readonly sources?: number;
  readonly maxSeedAgeSeconds?: number;
  /** Prediction resistance: noise younger than a second, never used before. */
  readonly fresh?: boolean;
}
