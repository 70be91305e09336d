import { instantOf } from "../entropy/instant.ts";
import type { Clock } from "../port/clock.ts";
import type { ReseedReason, SeedKind, Shape } from "../port/lineage.ts";
import type {
  SeedMaterial,
  SeedRecorder,
  SeedRequest,
  SeedSupply,
  Shortfall,
} from "../port/seed.ts";
import { prepareSeed, wipeSeed } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import type { SeedPace } from "./seedPace.ts";

/** The record could not be made durable, or that was so a moment ago and it is not time to retry. */
export interface StoreFailure {
  readonly type: "store_failed";
  readonly retryMilliseconds: number;
}

/** Durable, but dropped while it was being written: its source failed, or a reseed overtook it. */
export interface Dropped {
  readonly type: "dropped";
}

export type Made = ({ readonly type: "prepared" } & PreparedSeed) | StoreFailure | Dropped;

/** Where an instance's seeds come from; elsewhere than here in another thread. */
export interface SeedSource {
  /** Why no seed may be put to use now, however many there are; null when they may. */
  unavailable(): Shortfall | null;
  make(
    instance: string,
    kind: SeedKind,
    reason: ReseedReason,
    request: SeedRequest,
  ): Promise<Made> | Shortfall | StoreFailure;
}

export interface SeedMakerTerms {
  readonly clock: Clock;
  readonly supply: SeedSupply;
  readonly pace: SeedPace;
  readonly recorder: SeedRecorder;
  readonly shape: Shape;
  /** 16 hex digits. */
  readonly boot: string;
  /** Reseed counters reserved to each seed. */
  readonly counterLimit: number;
}

// After a failed write: a second, doubling to half a minute. Material is only taken when a write is
// tried, so a full disk costs one seed of noise at a time and no CPU.
const FIRST_RETRY_MILLISECONDS = 1000;
const LAST_RETRY_MILLISECONDS = 30_000;

/**
 * Takes material, makes the seed's record durable, and only then hands the seed out. That the disk
 * fails or works again is the store's to tell.
 */
export class SeedMaker implements SeedSource {
  readonly #terms: SeedMakerTerms;
  #count = 0;
  readonly #inFlight = new Set<PreparedSeed>();
  readonly #dropped = new Set<PreparedSeed>();
  #failures = 0;
  #retryAtMilliseconds = 0;

  constructor(terms: SeedMakerTerms) {
    if (!/^[0-9a-f]{16}$/.test(terms.boot)) throw new RangeError("boot is 16 hex digits");
    this.#terms = terms;
  }

  /** Why no seed may be put to use now, however many there are; null when they may. */
  unavailable(): Shortfall | null {
    return this.#terms.supply.unavailable();
  }

  /** The last record was not taken. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Milliseconds until a write may be tried again; 0 when it may be tried now. */
  get retryMilliseconds(): number {
    if (this.#failures === 0) return 0;
    const wait = this.#retryAtMilliseconds - this.#terms.clock.monotonicMilliseconds();
    // While failing, one probe at a time.
    return this.#inFlight.size > 0 ? Math.max(wait, FIRST_RETRY_MILLISECONDS) : Math.max(wait, 0);
  }

  /** Takes at once; what is asynchronous is only the durable record. */
  make(
    instance: string,
    kind: SeedKind,
    reason: ReseedReason,
    request: SeedRequest,
  ): Promise<Made> | Shortfall | StoreFailure {
    const { clock, supply, pace, shape, boot, counterLimit } = this.#terms;
    const retryMilliseconds = this.retryMilliseconds;
    if (retryMilliseconds > 0) return { type: "store_failed", retryMilliseconds };
    const material = supply.take(request);
    if (material.type === "shortfall") {
      if (this.unavailable() !== null) pace.interrupted();
      else if (material.unmet.includes("strength")) pace.starved();
      return material;
    }
    pace.taken();
    if (material.type === "entropy" && material.creditedBits < request.minimumBits) {
      throw new Error(`the supply gave ${material.creditedBits} of ${request.minimumBits} bits`);
    }
    if ((material.type === "parent") !== (shape === "RBGC")) {
      throw new Error(`${material.type} material does not fit the shape ${shape}`);
    }
    const id = `s-${boot}-${++this.#count}`;
    const frame = { id, instance, shape, kind, reason, counterLimit };
    const prepared = prepareSeed(material, frame, instantOf(clock));
    this.#inFlight.add(prepared);
    return this.#record(prepared, material);
  }

  /** Seeds that are still being written and match will never be handed out. */
  drop(matches: (prepared: PreparedSeed) => boolean): void {
    for (const prepared of this.#inFlight) {
      if (matches(prepared)) this.#dropped.add(prepared);
    }
  }

  async #record(prepared: PreparedSeed, material: SeedMaterial): Promise<Made> {
    const blocks = material.type === "entropy" ? material.blocks : [];
    try {
      await this.#terms.recorder.record(
        prepared.seed,
        [...blocks, ...material.uncreditedBlocks],
        material.windows,
      );
    } catch {
      wipeSeed(prepared);
      this.#inFlight.delete(prepared);
      this.#dropped.delete(prepared);
      return this.#failed();
    }
    this.#inFlight.delete(prepared);
    this.#failures = 0;
    if (this.#dropped.delete(prepared)) {
      wipeSeed(prepared);
      return { type: "dropped" };
    }
    return { type: "prepared", ...prepared };
  }

  #failed(): StoreFailure {
    const now = this.#terms.clock.monotonicMilliseconds();
    // Several writes that were under way together are one failure.
    if (this.#failures === 0 || now >= this.#retryAtMilliseconds) {
      const wait = FIRST_RETRY_MILLISECONDS * 2 ** Math.min(this.#failures, 10);
      this.#retryAtMilliseconds = now + Math.min(wait, LAST_RETRY_MILLISECONDS);
      this.#failures++;
    }
    return { type: "store_failed", retryMilliseconds: this.#retryAtMilliseconds - now };
  }
}
