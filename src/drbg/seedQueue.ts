import { ageMilliseconds, instantOf } from "../entropy/instant.ts";
import type { Clock } from "../port/clock.ts";
import type { Requirement, ReseedReason } from "../port/lineage.ts";
import type { SeedRequest, Shortfall } from "../port/seed.ts";
import { seedsOfLongestRequest } from "./policy.ts";
import type { PreparedSeeds, SeedLimits } from "./policy.ts";
import { meets, wipeSeed } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import type { Made, SeedSource, StoreFailure } from "./seedMaker.ts";
import { SeedsAhead } from "./seedsAhead.ts";

export interface SeedQueueTerms {
  readonly clock: Clock;
  readonly maker: SeedSource;
  readonly instance: string;
  readonly ahead: PreparedSeeds;
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
  readonly #ahead: SeedsAhead;
  #prepared: PreparedSeed[] = [];
  readonly #making = new Set<Promise<Made>>();
  #lack: Shortfall | StoreFailure | null = null;
  /** The seeds were held at the last look. */
  #held = false;

  constructor(terms: SeedQueueTerms) {
    this.#terms = terms;
    this.#ahead = new SeedsAhead(terms.ahead.least, terms.ahead.most);
  }

  get length(): number {
    return this.#prepared.length;
  }

  /** How many are to be prepared at a time now. */
  get ahead(): number {
    return this.#ahead.wanted;
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
   * @returns "more" when the level is reached and more are to be kept ahead, "full" when there is nothing
   *   more to start now, "lacking" when the pool or the store had nothing to give, or all is held
   */
  fill(level: number): "more" | "full" | "lacking" {
    const { needsSeed, isInstantiated } = this.#terms;
    const ahead = this.#ahead.wanted;
    if (this.#hold()) return "lacking";
    for (;;) {
      const needs = needsSeed() && this.#prepared.length === 0 ? 1 : 0;
      const wanted = needs + Math.min(level, ahead);
      if (this.#prepared.length + this.#making.size >= wanted) {
        return level < ahead ? "more" : "full";
      }
      if (!isInstantiated() && this.#making.size > 0) return "full";
      if (!(this.make(null) instanceof Promise)) return "lacking";
    }
  }

  /** What was missing is being made, as far as it can be. */
  filled(): void {
    this.#ahead.filled();
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
    const { mark } = this.#ahead;
    const made = started.then((result) => this.#arrived(result, mark));
    this.#making.add(made);
    const settle = (): void => {
      this.#making.delete(made);
    };
    void made.then(settle, settle);
    return made;
  }

  /** What is being made now, in the order in which it began. */
  get underWay(): readonly Promise<Made>[] {
    return [...this.#making];
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
    const kept = this.#prepared.filter((prepared) => {
      if (!matches(prepared)) return true;
      wipeSeed(prepared);
      return false;
    });
    if (kept.length < this.#prepared.length) this.#ahead.dropped();
    this.#prepared = kept;
  }

  #remove(matches: (prepared: PreparedSeed) => boolean): PreparedSeed | undefined {
    const at = this.#prepared.findIndex(matches);
    if (at < 0) return undefined;
    this.#ahead.used();
    return this.#prepared.splice(at, 1)[0];
  }

  /** On use and not by a timer, so that an idle service neither writes records nor spends noise. */
  #expire(): void {
    const { clock, limits } = this.#terms;
    const now = instantOf(clock);
    this.drop(({ taken }) => ageMilliseconds(taken, now) >= limits.ageMilliseconds);
  }

  #arrived(made: Made, mark: number): Made {
    if (made.type === "store_failed") {
      this.#lacks(made);
      return made;
    }
    // One that was dropped meanwhile leaves a gap, which the owner fills.
    if (made.type === "prepared") {
      this.#lack = null;
      this.#prepared.push(made);
      this.#ahead.arrived(mark);
    }
    this.#terms.changed();
    this.#trim();
    return made;
  }

  /** Requests that were given up leave their seeds behind; the oldest go, so that they cannot pile up. */
  #trim(): void {
    const most = this.#ahead.most + seedsOfLongestRequest(this.#terms.limits);
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
