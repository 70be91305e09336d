import { ageMilliseconds, type Instant } from "../entropy/instant.ts";
import type { Requirement, ReseedReason, Seed } from "../port/lineage.ts";
import type { SeedLimits } from "./policy.ts";
import { meets } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";

/** The seed that an instance's state rests on, without its bytes, and what has left since. */
export class LiveSeed {
  readonly seed: Seed;
  readonly strength: number;
  readonly sources: number;
  readonly taken: Instant;
  readonly appliedMilliseconds: number;
  readonly #limits: SeedLimits;
  #bytes = 0;
  #requests = 0;

  constructor(prepared: PreparedSeed, limits: SeedLimits, appliedMilliseconds: number) {
    this.seed = prepared.seed;
    this.strength = prepared.strength;
    this.sources = prepared.sources;
    this.taken = prepared.taken;
    this.appliedMilliseconds = appliedMilliseconds;
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Before the generate: should it throw, the limit has been charged and not the reader. */
  charge(bytes: number): void {
    this.#bytes += bytes;
    this.#requests++;
  }

  /** Which limit is reached; null when it may still be used. */
  spent(now: Instant): ReseedReason | null {
    if (this.#bytes >= this.#limits.bytes) return "output_limit";
    if (this.#requests >= this.#limits.requests) return "request_limit";
    return ageMilliseconds(this.taken, now) >= this.#limits.ageMilliseconds ? "age" : null;
  }

  /** Bytes that it may still give to such a request. */
  bytesLeft(requirement: Requirement, now: Instant): number {
    if (this.spent(now) !== null || !meets(this, requirement, now)) return 0;
    return this.#limits.bytes - this.#bytes;
  }
}
