import type { ParentMaterial, SeedRequest, SeedSupply, Shortfall } from "../port/seed.ts";
import type { Instant } from "./instant.ts";
import type { Pool } from "./pool.ts";
import { shortfall, takeUncredited, type SupplySource } from "./seedSupply.ts";

export interface ParentTerms {
  readonly name: string;
  /** Draws from the OS RNG; the caller of `take` overwrites what it gets. */
  readonly osRandom: (bytes: number) => Uint8Array;
  /** Whether the health tests of the OS RNG as a source pass now. */
  readonly healthy: () => boolean;
  readonly pool: Pool;
  readonly sources: () => readonly SupplySource[];
  readonly now: () => Instant;
}

/** SP 800-90A 10.1: what the parent is taken to have at most, and what an HMAC_DRBG can use. */
const SECURITY_STRENGTH = 256;
/** 3s/2 bits, as an instantiate without a separate nonce needs them. */
const RANDOMNESS_BYTES = (3 * SECURITY_STRENGTH) / 2 / 8;

/**
 * SP 800-90C 7, RBGC: seeds from a parent with a security strength. No noise is credited: a request
 * that asks for sources of noise is refused. Blocks of uncredited sources join as additional input.
 */
export class ParentSupply implements SeedSupply {
  readonly #terms: ParentTerms;

  constructor(terms: ParentTerms) {
    this.#terms = terms;
  }

  take(request: SeedRequest): ParentMaterial | Shortfall {
    const { name, osRandom, pool, sources, now } = this.#terms;
    if (request.sources > 0 || request.withoutBest > 0) {
      return shortfall(["sources"], "no source is credited: seeds come from the OS RNG alone");
    }
    if (request.minimumBits > RANDOMNESS_BYTES * 8) {
      return shortfall(["strength"], `the parent gives ${RANDOMNESS_BYTES * 8} bits at most`);
    }
    const unavailable = this.unavailable();
    if (unavailable !== null) return unavailable;
    const extra = takeUncredited(pool, sources(), now());
    return {
      type: "parent",
      parentName: name,
      securityStrength: SECURITY_STRENGTH,
      randomness: osRandom(RANDOMNESS_BYTES),
      additionalInput: extra.bytes,
      uncreditedBlocks: extra.blocks,
      windows: extra.windows,
      fromMilliseconds: now().wallMilliseconds,
    };
  }

  unavailable(): Shortfall | null {
    if (this.#terms.healthy()) return null;
    return shortfall(["parent"], "the OS RNG does not pass its health tests");
  }
}
