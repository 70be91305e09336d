import type { HashName } from "../kernel/hmac.ts";
import type { Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn, RandomSupply } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Observer } from "../port/event.ts";
import type { Door, Requirement, ReseedReason, SeedKind, Shape } from "../port/lineage.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import type { SeedRecorder, SeedSupply, Shortfall } from "../port/seed.ts";
import type { InstanceSnapshot, SelfTestSnapshot } from "../port/snapshot.ts";
import { isFresh, neverMet } from "./admission.ts";
import { type Bank, BULK_BYTES } from "./bank.ts";
import { FreshRequests } from "./freshRequests.ts";
import type { DrbgInstance } from "./instance.ts";
import type { Generated } from "./instanceTerms.ts";
import { Outputs } from "./outputs.ts";
import type { Answered } from "./outputs.ts";
import { seedLimits } from "./policy.ts";
import type { SeedLimits } from "./policy.ts";
import type { PreparedSeed } from "./preparedSeed.ts";
import { Refill } from "./refill.ts";
import { lacking } from "./refusals.ts";
import { buildRooms, seedRequests } from "./rooms.ts";
import type { Room } from "./rooms.ts";
import { type Made, SeedMaker, type StoreFailure } from "./seedMaker.ts";
import { SeedPace } from "./seedPace.ts";
import { runSelfTests } from "./selfTest.ts";
import { SelfTestWatch } from "./selfTestWatch.ts";
import { pacedStream } from "./stream.ts";

const SELF_TEST_MILLISECONDS = 600_000;
/** What a stream draws at a time: from its door's instance, and from the bank at most. */
const CHUNK_BYTES = 16_384;
const BANK_CHUNK_BYTES = 131_072;

export interface DrbgSupplyTerms {
  readonly clock: Clock;
  readonly seeds: SeedSupply;
  readonly seedRecorder: SeedRecorder;
  readonly outputRecorder: OutputRecorder;
  readonly observer: Observer;
  readonly shape: Shape;
  /** Ignored in an RBGC, which has no credited source. */
  readonly quorum: { readonly sources: number; readonly withoutBest: number };
  readonly hash?: HashName;
  /** 16 hex digits, chosen at random at each start. */
  readonly boot: string;
  readonly limits?: Partial<SeedLimits>;
  readonly selfTests?: (nowMilliseconds: number) => readonly SelfTestSnapshot[];
  /** How often the self-tests run again. Default ten minutes. */
  readonly selfTestMilliseconds?: number;
}

/** What befalls seeds, for whoever has instances of its own in other threads. */
export interface SeedWatch {
  /** Those that were given and not put to use are to be overwritten. */
  dropped(): void;
  /** No output of any present state. */
  overtaken(reason: ReseedReason): void;
  /** No output at all any more. */
  ended(): void;
}

/** The DRBG instances, one for each door, and the one way to get bytes out of them. */
export class DrbgSupply implements RandomSupply {
  readonly #terms: DrbgSupplyTerms;
  readonly #pace: SeedPace;
  readonly #maker: SeedMaker;
  readonly #outputs: Outputs;
  readonly #refill: Refill;
  readonly #rooms: ReadonlyMap<Door, Room>;
  readonly #bank: Bank | null;
  readonly #fresh: FreshRequests;
  readonly #watch: SelfTestWatch;
  readonly #watchers = new Set<SeedWatch>();
  #selfTestFailure: Refusal | null = null;
  #stopped = false;

  constructor(terms: DrbgSupplyTerms) {
    this.#terms = terms;
    const { clock, seeds, shape, boot } = terms;
    const limits = seedLimits(shape, terms.limits);
    this.#pace = new SeedPace(clock);
    this.#maker = new SeedMaker({
      clock,
      supply: seeds,
      pace: this.#pace,
      recorder: terms.seedRecorder,
      shape,
      boot,
      counterLimit: limits.requests,
    });
    this.#outputs = new Outputs(terms.outputRecorder, clock, () => this.#selfTestFailure);
    this.#refill = new Refill(clock, () => this.#fill());
    this.#watch = new SelfTestWatch(
      clock,
      terms.selfTests ?? runSelfTests,
      terms.selfTestMilliseconds ?? SELF_TEST_MILLISECONDS,
      (name) => this.selfTestFailed(name),
    );
    const gate = (): Refusal | null => this.#gate();
    const { rooms, bank } = buildRooms({
      ...terms,
      limits,
      maker: this.#maker,
      pace: this.#pace,
      gate,
      changed: (door) => this.#changed(door),
      broken: () => this.selfTestFailed("drbg operation"),
    });
    this.#rooms = rooms;
    this.#bank = bank;
    const { instance } = this.#room("fresh");
    const reseedRequest = seedRequests(terms).reseed;
    this.#fresh = new FreshRequests({ clock, instance, reseedRequest, seeds, gate });
  }

  /** Self-tests first (SP 800-90A 11.3), then seeds in the background. */
  start(): void {
    this.runSelfTests();
    this.#refill.request();
  }

  draw(request: DrawRequest): DrawResult | Promise<DrawResult> {
    const refusal = this.#gate() ?? neverMet(request, this.#terms.shape);
    if (refusal !== null) return refusal;
    const fresh = isFresh(request);
    const { instance, waiting } = this.#room(fresh ? "fresh" : request.door);
    const { bytes, requirement } = request;
    const generated = fresh ? null : this.#generate(instance, request);
    if (generated !== null) return this.#outputs.answer(generated, request);
    const answer = (later: Generated): Answered => ({
      answer: this.#outputs.answer(later, request),
    });
    const later = fresh
      ? this.#fresh.draw(request, answer)
      : waiting.draw(bytes, requirement, answer);
    return later.then((result) => ("answer" in result ? result.answer : result));
  }

  stream(
    request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
    signal: AbortSignal,
  ): AsyncGenerator<Drawn, Refusal | undefined> {
    return pacedStream(request, signal, {
      clock: this.#terms.clock,
      sleepers: this.#room(request.door).sleepers,
      chunkBytes: () => this.#chunkBytes(request.requirement),
      draw: (chunk) => this.#chunk(chunk),
      refill: () => this.#refill.request(),
    });
  }

  /** Much at once comes from the bank when it can give it, else from the door's own instance. */
  #generate(
    instance: DrbgInstance,
    { bytes, requirement, into }: Pick<DrawRequest, "bytes" | "requirement" | "into">,
  ): Generated | null {
    const bank = bytes >= BULK_BYTES ? this.#wantedBank : null;
    const bulk = bank?.draw(bytes, requirement, into) ?? null;
    if (bulk !== null) return bulk;
    if (bank !== null) this.#refill.request();
    return instance.draw(bytes, requirement, into);
  }

  /** Asked for by whoever wants much. */
  get #wantedBank(): Bank | null {
    this.#bank?.want();
    return this.#bank;
  }

  #chunkBytes(requirement: Requirement): number {
    const bank = this.#wantedBank;
    if (bank === null) return CHUNK_BYTES;
    const bytes = Math.min(BANK_CHUNK_BYTES, bank.mostBytes);
    return bank.ready(bytes, requirement) ? bytes : CHUNK_BYTES;
  }

  /** A stream takes what is prepared, so that it cannot drain the pool for the other doors. */
  #chunk(request: DrawRequest): DrawResult | Promise<DrawResult> {
    const { door, requirement } = request;
    const plain = Object.values(requirement).every((value) => value === undefined);
    if (!plain || door === "fresh") return this.draw(request);
    const refusal = this.#gate();
    if (refusal !== null) return refusal;
    const { instance } = this.#room(door);
    const generated = this.#generate(instance, request);
    if (generated !== null) return this.#outputs.answer(generated, request);
    const { seeded, queue } = instance;
    return lacking(seeded, requirement, queue.lack, this.#pace.retryAfterSeconds(1));
  }

  /** A seed for an instance that lives in another thread; null when there will be none. */
  lend(
    instance: string,
    kind: SeedKind,
    reason: ReseedReason,
  ): Promise<Made> | Shortfall | StoreFailure | null {
    if (this.#gate() !== null) return null;
    return this.#maker.make(instance, kind, reason, seedRequests(this.#terms)[kind]);
  }

  /** Why no seed may be put to use now; null when they may. */
  unavailable(): Shortfall | null {
    return this.#maker.unavailable();
  }

  /** Told before whoever caused it goes on. */
  watch(watcher: SeedWatch): void {
    this.#watchers.add(watcher);
  }

  /** The pool has new blocks. Cheap, and may be called for every one of them. */
  poolChanged(): void {
    this.#refill.request();
  }

  /** A source failed: what it gave and has not been used is overwritten. */
  discardSource(source: string): void {
    // Over the OS RNG the parent is such a source: it is tested as one, under the same name.
    const drewOnIt = ({ seed: { credits, parent } }: PreparedSeed): boolean =>
      parent?.name === source || credits.some((credit) => credit.source === source);
    this.#maker.drop(drewOnIt);
    for (const instance of this.#instances) instance.queue.drop(drewOnIt);
    for (const watcher of this.#watchers) watcher.dropped();
    this.#refill.request();
  }

  /** No output of any present state before a reseed with material that is taken from now on. */
  reseedAll(reason: ReseedReason): void {
    this.#outputs.overtake();
    this.#maker.drop(() => true);
    for (const instance of this.#instances) instance.requireReseed(reason);
    for (const watcher of this.#watchers) watcher.overtaken(reason);
    this.#refill.request();
  }

  /** On demand, and every ten minutes. After a failure nothing comes out until the next start. */
  runSelfTests(): readonly SelfTestSnapshot[] {
    return this.#watch.run();
  }

  /** SP 800-90A 11.3.6: every instance enters the error state. */
  selfTestFailed(name: string): void {
    if (this.#selfTestFailure !== null) return;
    this.#selfTestFailure = refuse("self_test_failed", `the self-test ${name} failed`);
    this.#end((instance) => instance.fail());
    this.#terms.observer.event({
      kind: "self_test_failed",
      atMilliseconds: this.#terms.clock.wallMilliseconds(),
      source: null,
      severity: "critical",
      actor: null,
      reason: null,
      detail: `the self-test ${name} failed; every output is stopped`,
      data: { test: name },
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#watch.stop();
    this.#end((instance) => instance.stop());
  }

  instances(): readonly InstanceSnapshot[] {
    return this.#wanting.map((instance) => instance.snapshot());
  }

  selfTests(): readonly SelfTestSnapshot[] {
    return this.#watch.latest;
  }

  #end(action: (instance: DrbgInstance) => void): void {
    this.#refill.stop();
    this.#maker.drop(() => true);
    for (const instance of this.#instances) action(instance);
    for (const watcher of this.#watchers) watcher.ended();
    for (const { sleepers } of this.#rooms.values()) sleepers.wake();
  }

  get #doors(): readonly DrbgInstance[] {
    return [...this.#rooms.values()].map(({ instance }) => instance);
  }

  get #instances(): readonly DrbgInstance[] {
    return [...this.#doors, ...(this.#bank?.instances ?? [])];
  }

  /** Those that have seeds, or are to have some. */
  get #wanting(): readonly DrbgInstance[] {
    return [...this.#doors, ...(this.#bank?.wanting ?? [])];
  }

  #gate(): Refusal | null {
    if (this.#selfTestFailure !== null) return this.#selfTestFailure;
    return this.#stopped ? refuse("shutting_down", "the service is stopping") : null;
  }

  /** One seed a door, then the second: no door fills its queue before another has its first. */
  #fill(): boolean {
    let complete = true;
    const unfilled = new Set(this.#wanting);
    for (let level = 1; unfilled.size > 0; level++) {
      for (const instance of unfilled) {
        const result = instance.queue.fill(level);
        if (result !== "more") unfilled.delete(instance);
        if (result === "lacking") complete = false;
      }
    }
    for (const instance of this.#wanting) instance.queue.filled();
    // Whether the store takes records again is known only when one that is under way is answered.
    return complete && !this.#maker.failing;
  }

  #changed(door: Door): void {
    const { instance, sleepers } = this.#room(door);
    if (instance.queue.lack === null) {
      this.#refill.reset();
      this.#refill.request();
    } else {
      this.#refill.later();
    }
    sleepers.wake();
  }

  #room(door: Door): Room {
    const room = this.#rooms.get(door);
    if (room === undefined) throw new Error(`no such door: ${door}`);
    return room;
  }
}
