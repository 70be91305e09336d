import { BULK_BYTES } from "../../../src/drbg/bank.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { RBG2_LIMITS, RBGC_LIMITS } from "../../../src/drbg/policy.ts";
import type { SeedLimits } from "../../../src/drbg/policy.ts";
import type { DrawRequest, DrawResult } from "../../../src/port/draw.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { Seed, Shape } from "../../../src/port/lineage.ts";
import type { FakeClock } from "../../support/fakeClock.ts";
import type { ScriptedSeedRecorder, ScriptedSeeds } from "./scripted.ts";

/** One instance as it must be. A request's pieces are told after it, so reseeds wait for them. */
interface ModelInstance {
  readonly drbg: HmacDrbg;
  live: ModelSeed | null;
  readonly next: ModelSeed[];
}

interface ModelSeed {
  readonly seed: Seed;
  readonly takenMonotonic: number;
  bytes: number;
  requests: number;
}

/**
 * What must hold of a DRBG room, whatever happens to it, beside a model that has an HMAC_DRBG of its
 * own for each instance and recomputes every byte from the material that the seed's record names.
 */
export class Rules {
  /** What went against the rules; empty when nothing did. */
  readonly faults: string[] = [];
  readonly limits: SeedLimits;
  bytesServed = 0;
  readonly #clock: FakeClock;
  readonly #shape: Shape;
  readonly #seeds: ScriptedSeeds;
  readonly #recorder: ScriptedSeedRecorder;
  readonly #instances = new Map<string, ModelInstance>();
  readonly #expected = new Map<string, { readonly hex: string; readonly ageSeconds: number }>();
  readonly #answeredIds = new Set<string>();
  /** Seeds that must never be put in, and seeds of which nothing may be generated or answered. */
  readonly #notToUse = new Set<string>();
  readonly #overtaken = new Set<string>();
  readonly #fresh = new Set<string>();
  #stopped = false;

  constructor(
    clock: FakeClock,
    shape: Shape,
    limits: Partial<SeedLimits>,
    seeds: ScriptedSeeds,
    recorder: ScriptedSeedRecorder,
  ) {
    this.#clock = clock;
    this.#shape = shape;
    this.limits = { ...(shape === "RBGC" ? RBGC_LIMITS : RBG2_LIMITS), ...limits };
    this.#seeds = seeds;
    this.#recorder = recorder;
  }

  event({ kind, data }: ServiceEvent): void {
    if (kind === "self_test_failed") this.#stopped = true;
    if (kind !== "reseed") return;
    const id = String(data.seed);
    const seed = this.#recorder.durable.get(id);
    if (seed === undefined) return this.#fault(`${id} was used before its record was durable`);
    if (seed.instance !== data.instance) this.#fault(`${id} went into another instance`);
    if (this.#seeds.unavailable() !== null) this.#fault(`${id} was used without the quorum`);
    if (this.#notToUse.has(id)) this.#fault(`${id} was used, though it was to be dropped`);
    if (this.#stopped) this.#fault(`${id} was used after a failed self-test`);
    const age = this.#clock.wallMilliseconds() - seed.atMilliseconds;
    if (age >= this.limits.ageMilliseconds) this.#fault(`${id} was used when too old`);
    // Each goes in at most once.
    this.#notToUse.add(seed.id);
    let instance = this.#instances.get(seed.instance);
    if (!instance) {
      instance = { drbg: new HmacDrbg("sha256"), live: null, next: [] };
      this.#instances.set(seed.instance, instance);
    }
    const takenMonotonic = this.#clock.monotonicMilliseconds() - Math.max(0, age);
    instance.next.push({ seed, takenMonotonic, bytes: 0, requests: 0 });
  }

  #reseed(instance: ModelInstance): void {
    const { drbg } = instance;
    const { seed } = (instance.live = instance.next.shift()!);
    const index = this.#recorder.made.findIndex(({ id }) => id === seed.id);
    const { entropyInput, additionalInput } = this.#seeds.taken[index]!;
    if (drbg.state === "ready") {
      drbg.reseed(entropyInput, additionalInput);
    } else {
      const name = Buffer.from(`springhouse/0123456789abcdef/${seed.instance}\0`);
      const personalization = Buffer.concat([name, additionalInput]);
      drbg.instantiate(entropyInput, new Uint8Array(0), personalization, 256, false);
    }
  }

  /** Called at each generate, in its order. */
  generated(id: string, bytes: number): void {
    const seed = this.#recorder.durable.get(id);
    if (seed === undefined) return this.#fault(`output of ${id}, which has no durable record`);
    const instance = this.#instances.get(seed.instance);
    if (!instance || ![instance.live, ...instance.next].some((one) => one?.seed.id === id)) {
      return this.#fault(`output of ${id}, which is not in use`);
    }
    while (instance.live?.seed.id !== id) this.#reseed(instance);
    const { live } = instance;
    if (this.#overtaken.has(id)) this.#fault(`output of ${id} after a reseed was required`);
    if (this.#shape !== "RBGC" && bytes > 16_384) this.#fault(`${bytes} bytes in one generate`);
    live.bytes += bytes;
    live.requests++;
    if (live.bytes > this.limits.bytes) this.#fault(`${live.bytes} bytes of one seed`);
    if (live.requests > this.limits.requests) this.#fault("too many requests of one seed");
    if (live.requests > seed.counterLimit) this.#fault("a counter that was not reserved");
    const age = this.#clock.monotonicMilliseconds() - live.takenMonotonic;
    if (age >= this.limits.ageMilliseconds) this.#fault("output of a seed that is too old");
    const counter = instance.drbg.reseedCounter;
    const out = new Uint8Array(bytes);
    instance.drbg.generate(out);
    const ageSeconds = (this.#clock.wallMilliseconds() - seed.materialFromMilliseconds) / 1000;
    const hex = Buffer.from(out).toString("hex");
    this.#expected.set(`${id}.${counter}`, { hex, ageSeconds });
  }

  answered(request: DrawRequest, result: DrawResult): void {
    if (!result.ok) {
      const { code, retryAfterSeconds } = result;
      const soon =
        retryAfterSeconds === null || (retryAfterSeconds >= 1 && retryAfterSeconds <= 60);
      if (!soon || (retryAfterSeconds !== null && !Number.isInteger(retryAfterSeconds))) {
        this.#fault(`${code} with Retry-After ${retryAfterSeconds}`);
      }
      return;
    }
    if (this.#stopped) this.#fault("an answer after a failed self-test");
    this.bytesServed += result.bytes.length;
    if (result.bytes.length !== request.bytes) this.#fault("another length than asked for");
    const expected = result.outputs.map((id) => this.#expected.get(id)?.hex ?? "?").join("");
    if (Buffer.from(result.bytes).toString("hex") !== expected) {
      this.#fault(`${result.outputs.join()} are not what their seeds give`);
    }
    for (const id of result.outputs) {
      if (!/^s-[0-9a-f]{16}-\d+\.[1-9]\d*$/.test(id)) this.#fault(`the id ${id}`);
      if (this.#answeredIds.has(id)) this.#fault(`${id} was answered twice`);
      this.#answeredIds.add(id);
      const seed = this.#recorder.durable.get(id.slice(0, id.lastIndexOf(".")));
      if (seed === undefined) {
        this.#fault(`${id} resolves to no durable seed`);
        continue;
      }
      if (this.#overtaken.has(seed.id)) this.#fault(`${id} answered after a reseed was required`);
      this.#requirement(request, seed, this.#expected.get(id)?.ageSeconds ?? Infinity);
    }
    if (result.outputs.at(-1)?.startsWith(`${result.seed}.`) !== true) {
      this.#fault("the seed named is not the last output's");
    }
  }

  /** @param age of the noise when the output was generated; its record may have taken time */
  #requirement({ door, bytes, requirement }: DrawRequest, seed: Seed, age: number): void {
    const { strength = 0, sources = 0, maxSeedAgeSeconds = Infinity, fresh = false } = requirement;
    const has = seed.parent?.securityStrength ?? Math.min(256, seed.creditedBits);
    if (has < strength) this.#fault(`strength ${has} instead of ${strength}`);
    if (seed.credits.length < sources)
      this.#fault(`${seed.credits.length} sources, not ${sources}`);
    if (age > maxSeedAgeSeconds) this.#fault(`${age} s old, not ${maxSeedAgeSeconds}`);
    const isFresh = fresh || door === "fresh";
    const bulk =
      this.#shape === "RBGC" && bytes >= BULK_BYTES && /^bulk\.[1-4]$/.test(seed.instance);
    if (seed.instance !== (isFresh ? "fresh" : door) && !bulk)
      this.#fault(`${door} from ${seed.instance}`);
    if (!isFresh) return;
    if (this.#shape === "RBGC") this.#fault("a fresh answer without a credited source");
    if (age > 1) this.#fault(`a fresh answer from noise of ${age} s ago`);
    if (this.#fresh.has(seed.id)) this.#fault(`two fresh answers of ${seed.id}`);
    this.#fresh.add(seed.id);
  }

  /** The quorum is lost: what is prepared or under way now is held, which `event` checks. */
  unavailableSince(): void {
    if (this.#seeds.unavailable() === null) this.#fault("the test has not taken the quorum");
  }

  /** A source failed: seeds that drew on it and are not in use yet never will be. */
  discarded(source: string): void {
    for (const seed of this.#recorder.made) {
      if (seed.credits.some((credit) => credit.source === source)) this.#notToUse.add(seed.id);
    }
  }

  /** Every instance must be reseeded with what is taken from now on. */
  reseedRequired(): void {
    for (const { id } of this.#recorder.made) {
      this.#notToUse.add(id);
      this.#overtaken.add(id);
    }
  }

  #fault(what: string): void {
    this.faults.push(what);
  }
}
