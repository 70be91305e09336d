import type { Requirement, ReseedReason } from "../port/lineage.ts";
import type { SeedRequest, Shortfall } from "../port/seed.ts";
import { meets, wipeSeed } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import type { Made, SeedMaker, StoreFailure } from "./seedMaker.ts";

export interface SeedQueueTerms {
  readonly maker: SeedMaker;
  readonly instance: string;
  readonly capacity: number;
  readonly instantiateRequest: SeedRequest;
  readonly reseedRequest: SeedRequest;
  /** True when the instance has no state, or may not use it before it is reseeded. */
  readonly needsSeed: () => boolean;
  readonly isInstantiated: () => boolean;
  /** Why the next seed of the background is made. */
  readonly reason: () => ReseedReason;
  /** A durable seed came, or the reason why none comes changed. It may take the seed at once. */
  readonly changed: () => void;
}

/** One instance's durable seeds, made ahead of need. */
export class SeedQueue {
  readonly #terms: SeedQueueTerms;
  #prepared: PreparedSeed[] = [];
  readonly #making = new Set<Promise<Made>>();
  #lack: Shortfall | StoreFailure | null = null;

  constructor(terms: SeedQueueTerms) {
    this.#terms = terms;
  }

  get length(): number {
    return this.#prepared.length;
  }

  get making(): number {
    return this.#making.size;
  }

  /** Why the last attempt gave nothing; null when it gave something. */
  get lack(): Shortfall | StoreFailure | null {
    return this.#lack;
  }

  /**
   * Starts what is missing up to `level` seeds. An instance without state gets its instantiate
   * alone first: the seeds after it are reseeds.
   * @returns "more" when the level is reached and the capacity is not, "full" when there is nothing
   *   more to start now, "lacking" when the pool or the store had nothing to give
   */
  fill(level: number): "more" | "full" | "lacking" {
    const { needsSeed, isInstantiated, capacity } = this.#terms;
    for (;;) {
      const needs = needsSeed() && this.#prepared.length === 0 ? 1 : 0;
      const wanted = needs + Math.min(level, capacity);
      if (this.#prepared.length + this.#making.size >= wanted) {
        return level < capacity ? "more" : "full";
      }
      if (!isInstantiated() && this.#making.size > 0) return "full";
      if (!(this.make(null) instanceof Promise)) return "lacking";
    }
  }

  /** Makes one more, for a request that cannot wait for the background. Null: an instantiate. */
  make(
    request: SeedRequest | null,
    reason: ReseedReason = this.#terms.reason(),
  ): Promise<Made> | Shortfall | StoreFailure {
    const { maker, instance, instantiateRequest, reseedRequest } = this.#terms;
    const kind = this.#terms.isInstantiated() ? "reseed" : "instantiate";
    const usual = kind === "reseed" ? reseedRequest : instantiateRequest;
    const started = maker.make(instance, kind, reason, request ?? usual);
    if (!(started instanceof Promise)) {
      this.#lacks(started);
      return started;
    }
    const made = started.then((result) => this.#arrived(result));
    this.#making.add(made);
    const settle = (): void => {
      this.#making.delete(made);
    };
    void made.then(settle, settle);
    return made;
  }

  /** Resolves when everything that is being made now has been. */
  async settled(): Promise<void> {
    await Promise.all(this.#making);
  }

  count(requirement: Requirement, wallMilliseconds: number): number {
    let count = 0;
    for (const prepared of this.#prepared) {
      if (meets(prepared, requirement, wallMilliseconds)) count++;
    }
    return count;
  }

  take(requirement: Requirement, wallMilliseconds: number): PreparedSeed | undefined {
    const at = this.#prepared.findIndex((prepared) =>
      meets(prepared, requirement, wallMilliseconds),
    );
    return at < 0 ? undefined : this.#prepared.splice(at, 1)[0];
  }

  /** Takes one very seed that was just made for this request. */
  takeById(id: string): PreparedSeed | undefined {
    const at = this.#prepared.findIndex(({ seed }) => seed.id === id);
    return at < 0 ? undefined : this.#prepared.splice(at, 1)[0];
  }

  /** Overwrites every prepared seed that matches. */
  drop(matches: (prepared: PreparedSeed) => boolean): void {
    for (const prepared of this.#prepared) if (matches(prepared)) wipeSeed(prepared);
    this.#prepared = this.#prepared.filter((prepared) => !matches(prepared));
  }

  #arrived(made: Made): Made {
    if (made.type === "prepared") {
      this.#lack = null;
      this.#prepared.push(made);
      this.#terms.changed();
    } else if (made.type === "store_failed") {
      this.#lacks(made);
    }
    return made;
  }

  /** Told once for each new cause: who waits for a seed must not be woken by every vain attempt. */
  #lacks(lack: Shortfall | StoreFailure): void {
    const before = this.#lack;
    this.#lack = lack;
    if (before === null || causeOf(before) !== causeOf(lack)) this.#terms.changed();
  }
}

function causeOf(lack: Shortfall | StoreFailure): string {
  return lack.type === "shortfall" ? lack.unmet.join() : lack.type;
}
