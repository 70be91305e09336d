import type { Clock } from "../port/clock.ts";
import type { Observer } from "../port/event.ts";
import type { Shape } from "../port/lineage.ts";
import type { SeedRequest } from "../port/seed.ts";
import type { HmacDrbg } from "./hmacDrbg.ts";
import type { PreparedSeeds, SeedLimits } from "./policy.ts";
import type { SeedSource } from "./seedMaker.ts";

/** What one generate gave. */
export interface Piece {
  readonly instance: string;
  readonly seed: string;
  readonly counter: number;
  readonly bytes: number;
}

export interface Generated {
  readonly bytes: Uint8Array;
  readonly pieces: readonly Piece[];
}

export interface InstanceTerms {
  readonly id: string;
  readonly drbg: HmacDrbg;
  readonly shape: Shape;
  readonly limits: SeedLimits;
  readonly boot: string;
  readonly ahead: PreparedSeeds;
  readonly instantiateRequest: SeedRequest;
  readonly reseedRequest: SeedRequest;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly maker: SeedSource;
  /** The DRBG threw: this machine cannot be trusted with any other either. */
  readonly broken: () => void;
  /** A seed came or was used, or the reason why none comes changed. */
  readonly changed: () => void;
}
