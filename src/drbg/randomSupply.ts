import type { HashName } from "../kernel/hmac.ts";
import type { Cancel, Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn, RandomSupply } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Observer } from "../port/event.ts";
import { DOORS } from "../port/lineage.ts";
import type { Door, ReseedReason, Shape } from "../port/lineage.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import type { SeedRecorder, SeedRequest, SeedSupply, Unmet } from "../port/seed.ts";
import type { InstanceSnapshot, SelfTestSnapshot } from "../port/snapshot.ts";
import {
  instantiateEntropyBits,
  MAXIMUM_REQUEST_BYTES,
  reseedEntropyBits,
} from "../standard/limits.ts";
import { FreshRequests } from "./freshRequests.ts";
import { DrbgInstance } from "./instance.ts";
import { Outputs } from "./outputs.ts";
import { preparedSeeds, RBG2_LIMITS, SECURITY_STRENGTH, seedLimits } from "./policy.ts";
import type { SeedLimits } from "./policy.ts";
import { Refill } from "./refill.ts";
import { lacking } from "./refusals.ts";
import { SeedMaker } from "./seedMaker.ts";
import { runSelfTests } from "./selfTest.ts";
import { WaitingDraw } from "./waitingDraw.ts";

const SELF_TEST_MILLISECONDS = 600_000;
const STREAM_CHUNK_BYTES = 16_384;
const LONGEST_PAUSE_SECONDS = 5;

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

interface Room {
  readonly instance: DrbgInstance;
  readonly waiting: WaitingDraw;
  /** Streams that wait for a seed. */
  readonly sleepers: Set<() => void>;
}

/** The DRBG instances, one for each door, and the one way to get bytes out of them. */
export class DrbgSupply implements RandomSupply {
  readonly #terms: DrbgSupplyTerms;
  readonly #maker: SeedMaker;
  readonly #outputs: Outputs;
  readonly #refill: Refill;
  readonly #rooms = new Map<Door, Room>();
  readonly #fresh: FreshRequests;
  #selfTests: readonly SelfTestSnapshot[] = [];
  #selfTestFailure: string | null = null;
  #cancelSelfTest: Cancel | null = null;
  #stopped = false;
  /** Running mean of the time between two seeds of the service, for Retry-After. */
  #secondsPerSeed = 1;
  #lastSeedMonotonic: number | null = null;

  constructor(terms: DrbgSupplyTerms) {
    this.#terms = terms;
    const { clock, observer, shape, boot, hash = "sha256" } = terms;
    const limits = seedLimits(shape, terms.limits);
    const maker = new SeedMaker({
      clock,
      supply: terms.seeds,
      recorder: {
        record: async (...records) => {
          await terms.seedRecorder.record(...records);
          this.#noteSeed();
        },
      },
      observer,
      shape,
      boot,
      counterLimit: limits.requests,
    });
    this.#maker = maker;
    this.#outputs = new Outputs(terms.outputRecorder, clock);
    this.#refill = new Refill(clock, () => this.#fill());
    const quorum = shape === "RBGC" ? { sources: 0, withoutBest: 0 } : terms.quorum;
    const asking = (minimumBits: number): SeedRequest => ({
      ...quorum,
      minimumBits,
      maximumAgeMilliseconds: null,
    });
    // SP 800-90C 2.6 item 11 and SP 800-90A 8.6.3: 384 bits to instantiate, 256 to reseed.
    const instantiateRequest = asking(instantiateEntropyBits(SECURITY_STRENGTH));
    const reseedRequest = asking(reseedEntropyBits(SECURITY_STRENGTH));
    const gate = (): Refusal | null => this.#gate();
    for (const id of DOORS) {
      const instance = new DrbgInstance({
        id,
        hash,
        shape,
        limits,
        boot,
        capacity: preparedSeeds(shape, id),
        instantiateRequest,
        reseedRequest,
        clock,
        observer,
        maker,
        changed: () => this.#changed(id),
      });
      const waiting = new WaitingDraw(instance, reseedRequest, gate, (n) => this.#retryAfter(n));
      this.#rooms.set(id, { instance, waiting, sleepers: new Set() });
    }
    this.#fresh = new FreshRequests(this.#room("fresh").instance, reseedRequest, gate);
  }

  /** Self-tests first (SP 800-90A 11.3), then seeds in the background. */
  start(): void {
    this.runSelfTests();
    this.#refill.request();
  }

  draw(request: DrawRequest): DrawResult | Promise<DrawResult> {
    const refusal = this.#refusal(request);
    if (refusal !== null) return refusal;
    if (isFresh(request)) return this.#drawFresh(request);
    const { instance, waiting } = this.#room(request.door);
    const generated = instance.draw(request.bytes, request.requirement);
    if (generated !== null) return this.#outputs.answer(generated, request, instance.id);
    return waiting
      .draw(request.bytes, request.requirement)
      .then((result) =>
        "pieces" in result ? this.#outputs.answer(result, request, instance.id) : result,
      );
  }

  async *stream(
    request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
    signal: AbortSignal,
  ): AsyncGenerator<Drawn, Refusal | undefined> {
    const room = this.#room(request.door);
    for (let left = request.bytes ?? Infinity; left > 0 && !signal.aborted;) {
      const result = await this.#chunk(room, {
        ...request,
        bytes: Math.min(left, STREAM_CHUNK_BYTES),
      });
      if (result.ok) {
        left -= result.bytes.length;
        if (signal.aborted) result.bytes.fill(0);
        else yield result;
      } else if (result.code === "pool_exhausted" || result.code === "store_failed") {
        this.#refill.request();
        await sleep(room.sleepers, signal);
      } else {
        return result;
      }
    }
    return undefined;
  }

  /** A stream takes what is prepared, so that it cannot drain the pool for the other doors. */
  async #chunk(room: Room, request: DrawRequest): Promise<DrawResult> {
    const { instance } = room;
    const { requirement } = request;
    const plain = Object.values(requirement).every((value) => value === undefined);
    if (!plain || request.door === "fresh") return this.draw(request);
    const refusal = this.#refusal(request);
    if (refusal !== null) return refusal;
    const generated = instance.draw(request.bytes, requirement);
    if (generated !== null) return this.#outputs.answer(generated, request, instance.id);
    return lacking(instance, requirement, instance.queue.lack, this.#retryAfter(1));
  }

  async #drawFresh(request: DrawRequest): Promise<DrawResult> {
    const result = await this.#fresh.draw(request);
    return "pieces" in result ? this.#outputs.answer(result, request, "fresh") : result;
  }

  /** The pool has new blocks. Cheap, and may be called for every one of them. */
  poolChanged(): void {
    if (this.#maker.retryMilliseconds === 0) this.#refill.request();
  }

  /** A source failed: what it gave and has not been used is overwritten. */
  discardSource(source: string): void {
    const drewOnIt = ({
      seed,
    }: {
      readonly seed: { readonly credits: readonly { source: string }[] };
    }) => seed.credits.some((credit) => credit.source === source);
    this.#maker.drop(drewOnIt);
    for (const { instance } of this.#rooms.values()) instance.queue.drop(drewOnIt);
    this.#refill.request();
  }

  /** No output of any present state before a reseed with material that is taken from now on. */
  reseedAll(reason: ReseedReason): void {
    this.#maker.drop(() => true);
    for (const { instance } of this.#rooms.values()) instance.requireReseed(reason);
    this.#refill.request();
  }

  /** On demand, and every ten minutes. After a failure nothing comes out until the next start. */
  runSelfTests(): readonly SelfTestSnapshot[] {
    this.#cancelSelfTest?.();
    const {
      clock,
      selfTests = runSelfTests,
      selfTestMilliseconds = SELF_TEST_MILLISECONDS,
    } = this.#terms;
    this.#selfTests = selfTests(clock.wallMilliseconds());
    const failed = this.#selfTests.find(({ passed }) => !passed);
    if (failed) this.selfTestFailed(failed.name);
    else if (!this.#stopped) {
      this.#cancelSelfTest = clock.schedule(selfTestMilliseconds, () => this.runSelfTests());
    }
    return this.#selfTests;
  }

  /** SP 800-90A 11.3.6: every instance enters the error state. */
  selfTestFailed(name: string): void {
    if (this.#selfTestFailure !== null) return;
    this.#selfTestFailure = name;
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
    this.#cancelSelfTest?.();
    this.#end((instance) => instance.stop());
  }

  instances(): readonly InstanceSnapshot[] {
    return [...this.#rooms.values()].map(({ instance }) => instance.snapshot());
  }

  selfTests(): readonly SelfTestSnapshot[] {
    return this.#selfTests;
  }

  #end(action: (instance: DrbgInstance) => void): void {
    this.#refill.stop();
    this.#maker.drop(() => true);
    for (const { instance, sleepers } of this.#rooms.values()) {
      action(instance);
      wake(sleepers);
    }
  }

  #gate(): Refusal | null {
    if (this.#selfTestFailure !== null) {
      return refuse("self_test_failed", `the self-test ${this.#selfTestFailure} failed`);
    }
    return this.#stopped ? refuse("shutting_down", "the service is stopping") : null;
  }

  /** What is refused before any seed is looked at. */
  #refusal(request: DrawRequest): Refusal | null {
    const gate = this.#gate();
    if (gate !== null) return gate;
    const { bytes, requirement } = request;
    const fresh = isFresh(request);
    const most = fresh ? RBG2_LIMITS.bytes : MAXIMUM_REQUEST_BYTES;
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > most) {
      const what = fresh ? "bytes of a fresh request" : "bytes";
      return refuse("invalid_parameter", `${what} must be 1 to ${most}`);
    }
    if (requirement.strength === undefined && requirement.sources === undefined && !fresh)
      return null;
    const unmet: Unmet[] = [];
    if ((requirement.strength ?? 0) > SECURITY_STRENGTH) unmet.push("strength");
    if (this.#terms.shape === "RBGC") {
      if ((requirement.sources ?? 0) >= 1) unmet.push("sources");
      if (fresh) unmet.push("fresh");
    }
    if (unmet.length === 0) return null;
    const strong = unmet.includes("strength");
    return refuse(
      "unmet",
      strong
        ? `the instances have a security strength of ${SECURITY_STRENGTH} bits`
        : "seeds come from the OS RNG alone: no noise source is credited",
      { unmet },
    );
  }

  /** One seed a door, then the second: no door fills its queue before another has its first. */
  #fill(): boolean {
    let complete = true;
    const rooms = new Set([...this.#rooms.values()].map(({ instance }) => instance));
    for (let level = 1; rooms.size > 0; level++) {
      for (const instance of rooms) {
        const result = instance.queue.fill(level);
        if (result !== "more") rooms.delete(instance);
        if (result === "lacking") complete = false;
      }
    }
    return complete;
  }

  #changed(door: Door): void {
    // The constructor builds the instances before there is anything to change.
    const room = this.#room(door);
    const { instance, sleepers } = room;
    if (instance.queue.lack === null) {
      this.#refill.reset();
      this.#refill.request();
    }
    wake(sleepers);
  }

  #noteSeed(): void {
    const now = this.#terms.clock.monotonicMilliseconds();
    if (this.#lastSeedMonotonic !== null) {
      // An idle service makes few seeds because it needs few: such a pause says nothing.
      const seconds = Math.min((now - this.#lastSeedMonotonic) / 1000, LONGEST_PAUSE_SECONDS);
      this.#secondsPerSeed += (seconds - this.#secondsPerSeed) / 8;
    }
    this.#lastSeedMonotonic = now;
  }

  #retryAfter(seeds: number): number {
    return Math.min(60, Math.max(1, Math.ceil(seeds * this.#secondsPerSeed)));
  }

  #room(door: Door): Room {
    const room = this.#rooms.get(door);
    if (room === undefined) throw new Error(`no such door: ${door}`);
    return room;
  }
}

/** What comes through the fresh door is fresh, whatever its requirement says. */
function isFresh({ door, requirement }: DrawRequest): boolean {
  return door === "fresh" || requirement.fresh === true;
}

function wake(sleepers: Set<() => void>): void {
  const all = [...sleepers];
  sleepers.clear();
  for (const resume of all) resume();
}

function sleep(sleepers: Set<() => void>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const resume = (): void => {
    signal.removeEventListener("abort", resume);
    sleepers.delete(resume);
    resolve();
  };
  sleepers.add(resume);
  signal.addEventListener("abort", resume, { once: true });
  if (signal.aborted) resume();
  return promise;
}
