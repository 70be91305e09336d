import { instantOf } from "../entropy/instant.ts";
import type { Requirement, ReseedReason, Seed } from "../port/lineage.ts";
import type { InstanceSnapshot, InstanceState } from "../port/snapshot.ts";
import type { HmacDrbg } from "./hmacDrbg.ts";
import type { Generated, InstanceTerms, Piece } from "./instanceTerms.ts";
import { LiveSeed } from "./liveSeed.ts";
import { generateBytes, SECURITY_STRENGTH } from "./policy.ts";
import { wipeSeed } from "./preparedSeed.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import { SeedQueue } from "./seedQueue.ts";

const NOTHING = new Uint8Array(0);

/** One DRBG instance with its seeds. Everything here is synchronous. */
export class DrbgInstance {
  readonly id: string;
  readonly queue: SeedQueue;
  readonly #terms: InstanceTerms;
  readonly #drbg: HmacDrbg;
  readonly #generateBytes: number;
  readonly #reseeds = new Map<ReseedReason, number>();
  #live: LiveSeed | null = null;
  #mustReseed: ReseedReason | null = null;

  constructor(terms: InstanceTerms) {
    this.id = terms.id;
    this.#terms = terms;
    this.#drbg = terms.drbg;
    this.#generateBytes = generateBytes(terms.limits);
    this.queue = new SeedQueue({
      clock: terms.clock,
      maker: terms.maker,
      instance: terms.id,
      ahead: terms.ahead,
      limits: terms.limits,
      instantiateRequest: terms.instantiateRequest,
      reseedRequest: terms.reseedRequest,
      needsSeed: () => this.#needsSeed(),
      isInstantiated: () => this.#live !== null,
      reason: () => this.#nextReason(),
      changed: () => this.#queueChanged(),
    });
  }

  #needsSeed(): boolean {
    return this.#live === null || this.#mustReseed !== null;
  }

  #liveBytes(requirement: Requirement): number {
    if (this.#live === null || this.#mustReseed !== null) return 0;
    return this.#live.bytesLeft(requirement, instantOf(this.#terms.clock));
  }

  #spent(): ReseedReason | null {
    if (this.#mustReseed !== null) return this.#mustReseed;
    return this.#live?.spent(instantOf(this.#terms.clock)) ?? null;
  }

  /** Prepared seeds that are missing for such a request; none are when it is 0 or less. */
  deficit(bytes: number, requirement: Requirement): number {
    const beyond = bytes - this.#liveBytes(requirement);
    if (beyond <= 0) return 0;
    return Math.ceil(beyond / this.#terms.limits.bytes) - this.queue.count(requirement);
  }

  /** So many bytes of one seed, at once. */
  canGive(bytes: number, requirement: Requirement): boolean {
    this.#claim();
    if (this.#live === null) return false;
    return this.#liveBytes(requirement) >= bytes || this.queue.count(requirement) > 0;
  }

  /** Makes that so, by a reseed where the live seed has less left; false when it cannot be. */
  reserve(bytes: number, requirement: Requirement): boolean {
    if (this.#liveBytes(requirement) >= bytes) return true;
    const next = this.queue.take(requirement);
    if (next === undefined) return false;
    this.#apply(next, this.#spent() ?? "output_limit");
    return this.#liveBytes(requirement) >= bytes;
  }

  /** Counts a generate that whoever holds the DRBG is about to make. */
  charge(bytes: number): Piece {
    const live = this.#live!;
    live.charge(bytes);
    return { instance: this.id, seed: live.seed.id, counter: this.#drbg.reseedCounter, bytes };
  }

  get seeded(): boolean {
    return this.#live !== null;
  }

  /** Bytes at once, or null when the live seed and the prepared ones do not suffice: all or nothing. */
  draw(bytes: number, requirement: Requirement, into?: Uint8Array): Generated | null {
    this.#claim();
    const out = into ?? new Uint8Array(bytes);
    // Most are one generate of the live seed.
    if (bytes <= this.#generateBytes && this.#liveBytes(requirement) >= bytes)
      return { bytes: out, pieces: [this.#generate(out)] };
    if (this.#live === null || this.deficit(bytes, requirement) > 0) return null;
    const pieces: Piece[] = [];
    for (let at = 0; at < bytes;) {
      const length = Math.min(bytes - at, this.#ready(requirement), this.#generateBytes);
      if (length <= 0) {
        // Time passed between the count and here, or the quorum went: nothing of this leaves.
        out.fill(0);
        return null;
      }
      pieces.push(this.#generate(length === bytes ? out : out.subarray(at, at + length)));
      at += length;
    }
    return { bytes: out, pieces };
  }

  /** SP 800-90C 5, before every generate: bytes that may leave, after a reseed where one is due. */
  #ready(requirement: Requirement): number {
    const left = this.#liveBytes(requirement);
    if (left > 0) return left;
    const next = this.queue.take(requirement);
    if (next === undefined) return 0;
    this.#apply(next, this.#spent() ?? "requirement");
    return this.#liveBytes(requirement);
  }

  /**
   * Prediction resistance: reseeds with a seed that was just made for this request, and draws from
   * it alone. Null when that seed was dropped meanwhile, or its age is over.
   */
  drawFrom(seed: string, bytes: number, requirement: Requirement): Generated | null {
    const prepared = this.queue.takeById(seed);
    if (prepared !== undefined) this.#apply(prepared, "fresh");
    // A first or a forced seed is taken as soon as it comes; then it is the live one already.
    if (this.#live?.seed.id !== seed || this.#live.requests > 0) return null;
    return this.#liveBytes(requirement) < bytes ? null : this.draw(bytes, requirement);
  }

  #generate(out: Uint8Array): Piece {
    const piece = this.charge(out.length);
    this.#orBreak(() => {
      if (this.#drbg.generate(out) !== "done") throw new Error("the reseed interval is over");
    });
    return piece;
  }

  /** Puts a durable seed into the DRBG and overwrites it. */
  #apply(prepared: PreparedSeed, reason: ReseedReason): void {
    const { seed, entropyInput, additionalInput } = prepared;
    try {
      this.#orBreak(() => {
        if (this.#drbg.state === "ready") this.#drbg.reseed(entropyInput, additionalInput);
        else this.#instantiate(entropyInput, additionalInput);
      });
    } finally {
      wipeSeed(prepared);
    }
    const { clock, limits } = this.#terms;
    this.#live = new LiveSeed(prepared, limits, clock.wallMilliseconds());
    this.#mustReseed = null;
    this.#reseeds.set(reason, (this.#reseeds.get(reason) ?? 0) + 1);
    this.#report(seed, reason);
    this.#terms.changed();
  }

  /** The instance's name and the boot keep instances apart whatever material they are given. */
  #instantiate(entropyInput: Uint8Array, additionalInput: Uint8Array): void {
    const name = new TextEncoder().encode(`springhouse/${this.#terms.boot}/${this.id}\0`);
    const personalization = new Uint8Array(name.length + additionalInput.length);
    personalization.set(name);
    personalization.set(additionalInput, name.length);
    // SP 800-90A 8.6.7: no separate nonce, 3s/2 bits of entropy input instead. Prediction
    // resistance is a reseed for each request, so the DRBG itself is not asked for it.
    this.#drbg.instantiate(entropyInput, NOTHING, personalization, SECURITY_STRENGTH, false);
    personalization.fill(0);
  }

  #orBreak(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#terms.broken();
      throw error;
    }
  }

  /** No output of the present state any more: a new seed first, and none that is prepared now. */
  requireReseed(reason: ReseedReason): void {
    if (this.#live !== null) this.#mustReseed = reason;
    this.queue.drop(() => true);
  }

  /** The error state: until the service starts again nothing comes out. */
  fail(): void {
    this.queue.drop(() => true);
    this.#live = null;
    this.#drbg.fail();
  }

  /** Uninstantiates. */
  stop(): void {
    this.queue.drop(() => true);
    this.#live = null;
    this.#drbg.uninstantiate();
  }

  snapshot(): InstanceSnapshot {
    const live = this.#live;
    return {
      id: this.id,
      mechanism: `HMAC_DRBG(${this.#drbg.hash})`,
      securityStrength: live?.strength ?? 0,
      state: this.#state(),
      seed: live?.seed.id ?? null,
      seedMilliseconds: live?.appliedMilliseconds ?? null,
      seedSources: live?.sources ?? 0,
      seedCreditedBits: live?.seed.creditedBits ?? 0,
      outputBytesSinceSeed: live?.bytes ?? 0,
      outputBytesLimit: this.#terms.limits.bytes,
      seedAgeLimitMilliseconds: this.#terms.limits.ageMilliseconds,
      requestsSinceSeed: live?.requests ?? 0,
      preparedSeeds: this.queue.length,
      reseeds: [...this.#reseeds].map(([reason, total]) => ({ reason, total })),
    };
  }

  #state(): InstanceState {
    if (this.#drbg.state === "error") return "error";
    if (this.#live === null) return "unseeded";
    // The fresh instance is reseeded for each request, so its limits say nothing.
    if (this.id === "fresh") return "ready";
    const empty = this.queue.length === 0 || this.queue.held;
    return this.#spent() !== null && empty ? "spent" : "ready";
  }

  /** What the background prepares the next seed for; the event of its use has the real reason. */
  #nextReason(): ReseedReason {
    if (this.#live === null) return "start";
    if (this.#mustReseed !== null) return this.#mustReseed;
    return this.#terms.shape === "RBGC" ? "age" : "output_limit";
  }

  #queueChanged(): void {
    this.#claim();
    this.#terms.changed();
  }

  /** A first seed, or one after a state that may not be used, is put in as soon as it may be. */
  #claim(): void {
    // After a failed self-test or a stop there is nothing to seed: the owner drops what comes.
    if (!this.#needsSeed() || this.#drbg.state === "error") return;
    const next = this.queue.take({});
    if (next !== undefined) this.#apply(next, this.#nextReason());
  }

  #report(seed: Seed, reason: ReseedReason): void {
    this.#terms.observer.event({
      kind: "reseed",
      atMilliseconds: this.#terms.clock.wallMilliseconds(),
      source: null,
      severity: "info",
      actor: null,
      reason,
      detail: `${this.id} has a new seed`,
      data: { instance: this.id, seed: seed.id, creditedBits: seed.creditedBits },
    });
  }
}
