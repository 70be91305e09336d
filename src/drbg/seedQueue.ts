import { ageMilliseconds, instantOf } from "../entropy/instant.ts";
import type { Clock } from "../port/clock.ts";
import type { Requirement, ReseedReason } from "../port/lineage.ts";
import type { SeedRequest, Shortfall } from "../port/seed.ts";
import { seedsOfLongestRequest } from "./policy.ts";
import type { SeedLimits } from "./policy.ts";
import { meets, wipeSeed } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import type { Made, SeedSource, StoreFailure } from "./seedMaker.ts";

export interface SeedQueueTerms {
  readonly clock: Clock;
  readonly maker: SeedSource;
  readonly instance: string;
  readonly capacity: number;
  readonly limits: SeedLimits;
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

/**
 * One instance's durable seeds, made ahead of need. While the quorum is not met they are held: their
 * data is sound, so they are kept, but none is given out (DESIGN 5).
 */
export class SeedQueue {
  readonly #terms: SeedQueueTerms;
  #prepared: PreparedSeed[] = [];
  readonly #making = new Set<Promise<Made>>();
  #lack: Shortfall | StoreFailure | null = null;
  /** The seeds were held at the last look. */
  #held = false;

  constructor(terms: SeedQueueTerms) {
    this.#terms = terms;
  }

  get length(): number {
    return this.#prepared.length;
  }

  /** True while what is prepared may not be used. */
  get held(): boolean {
    return this.#terms.maker.unavailable() !== null;
  }

  /** Why the background cannot give a seed; null when it did at its last attempt. */
  get lack(): Shortfall | StoreFailure | null {
    return this.#terms.maker.unavailable() ?? (this.#held ? null : this.#lack);
  }

  /**
   * Starts what is missing up to `level` seeds. An instance without state gets its instantiate
   * alone first: the seeds after it are reseeds.
   * @returns "more" when the level is reached and the capacity is not, "full" when there is nothing
   *   more to start now, "lacking" when the pool or the store had nothing to give, or all is held
   */
  fill(level: number): "more" | "full" | "lacking" {
    const { needsSeed, isInstantiated, capacity } = this.#terms;
    if (this.#hold()) return "lacking";
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

  /**
   * Makes one more, for a request that cannot wait for the background.
   * @param request null for the usual one. That another cannot be met says nothing about the queue.
   */
  make(
    request: SeedRequest | null,
    reason: ReseedReason = this.#terms.reason(),
  ): Promise<Made> | Shortfall | StoreFailure {
    const { maker, instance, instantiateRequest, reseedRequest } = this.#terms;
    const kind = this.#terms.isInstantiated() ? "reseed" : "instantiate";
    const usual = kind === "reseed" ? reseedRequest : instantiateRequest;
    const started = maker.make(instance, kind, reason, request ?? usual);
    if (!(started instanceof Promise)) {
      if (request === null || started.type === "store_failed") this.#lacks(started);
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

  /** How many may be used for such a request now. */
  count(requirement: Requirement): number {
    if (this.held) return 0;
    this.#expire();
    const now = instantOf(this.#terms.clock);
    return this.#prepared.filter((prepared) => meets(prepared, requirement, now)).length;
  }

  take(requirement: Requirement): PreparedSeed | undefined {
    if (this.held) return undefined;
    this.#expire();
    const now = instantOf(this.#terms.clock);
    return this.#remove((prepared) => meets(prepared, requirement, now));
  }

  /** Takes one very seed that was just made for this request. */
  takeById(id: string): PreparedSeed | undefined {
    return this.held ? undefined : this.#remove(({ seed }) => seed.id === id);
  }

  /** Overwrites every prepared seed that matches. */
  drop(matches: (prepared: PreparedSeed) => boolean): void {
    this.#prepared = this.#prepared.filter((prepared) => {
      if (!matches(prepared)) return true;
      wipeSeed(prepared);
      return false;
    });
  }

  #remove(matches: (prepared: PreparedSeed) => boolean): PreparedSeed | undefined {
    const at = this.#prepared.findIndex(matches);
    return at < 0 ? undefined : this.#prepared.splice(at, 1)[0];
  }

  /** On use and not by a timer, so that an idle service neither writes records nor spends noise. */
  #expire(): void {
    const { clock, limits } = this.#terms;
    const now = instantOf(clock);
    this.drop(({ taken }) => ageMilliseconds(taken, now) >= limits.ageMilliseconds);
  }

  #arrived(made: Made): Made {
    if (made.type === "store_failed") {
      this.#lacks(made);
      return made;
    }
    // One that was dropped meanwhile leaves a gap, which the owner fills.
    if (made.type === "prepared") {
      this.#lack = null;
      this.#prepared.push(made);
    }
    this.#terms.changed();
    this.#trim();
    return made;
  }

  /** Requests that were given up leave their seeds behind; the oldest go, so that they cannot pile up. */
  #trim(): void {
    const { capacity, limits } = this.#terms;
    const most = capacity + seedsOfLongestRequest(limits);
    while (this.#prepared.length > most) wipeSeed(this.#prepared.shift()!);
  }

  /** Notices that the seeds must be held, and that they may be used again. */
  #hold(): boolean {
    const unavailable = this.#terms.maker.unavailable();
    if (unavailable !== null) {
      this.#lacks(unavailable);
      return true;
    }
    if (this.#held) {
      this.#held = false;
      this.#lack = null;
      this.#terms.changed();
    }
    return false;
  }

  /** Told once for each new cause: who waits for a seed must not be woken by every vain attempt. */
  #lacks(lack: Shortfall | StoreFailure): void {
    const before = this.#lack;
    this.#lack = lack;
    this.#held ||= this.held;
    if (before === null || causeOf(before) !== causeOf(lack)) this.#terms.changed();
  }
}

function causeOf(lack: Shortfall | StoreFailure): string {
  return lack.type === "shortfall" ? lack.unmet.join() : lack.type;
}
