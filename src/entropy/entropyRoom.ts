import type { HealthOptions } from "../health/monitor.ts";
import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Observer } from "../port/event.ts";
import type { HealthMemory } from "../port/healthMemory.ts";
import type { LiveEstimation } from "../port/liveEstimate.ts";
import type { Shape } from "../port/lineage.ts";
import type { SeedMaterial, SeedRequest, SeedSupply, Shortfall } from "../port/seed.ts";
import type {
  GlimpseReader,
  RestartOrder,
  RestartTap,
  SourceControl,
  SourceTestReport,
  Tap,
} from "../port/service.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import { Identifiers } from "./identifiers.ts";
import { instantOf } from "./instant.ts";
import { Ledger, type LedgerAccount } from "./ledger.ts";
import { ParentSupply } from "./parent.ts";
import { Pool } from "./pool.ts";
import { quorumState, type QuorumPolicy, type QuorumState } from "./quorum.ts";
import { EntropySupply } from "./seedSupply.ts";
import type { SourceOptions } from "./sourceOptions.ts";
import { SourceStation } from "./station.ts";
import type { StationRoom } from "./stationRoom.ts";

export interface EntropyRoomOptions {
  readonly sources: readonly SourceOptions[];
  /**
   * `RBG2(P)` credits physical sources only, `RBG2(NP)` all that are assessed, `RBGC` none: seeds
   * come from the OS RNG, and the quorum asks for nothing.
   */
  readonly shape: Shape;
  readonly quorum: QuorumPolicy;
  readonly clock: Clock;
  readonly observer: Observer;
  /** 16 hex digits, random at each start. */
  readonly boot: string;
  /** Draws from the OS RNG; fresh arrays, which are overwritten after use. */
  readonly osRandom: (bytes: number) => Uint8Array;
  readonly poolBlocksPerSource?: number;
  /** Latches over restarts. Default: none is remembered. */
  readonly memory?: HealthMemory;
  /** Sees the samples that are conditioned. Default: nobody does. */
  readonly live?: LiveEstimation | null;
  /** A defect ended a source's session. Default: nothing but the state `absent`, cause `internal`. */
  readonly onFault?: (source: string, error: unknown) => void;
}

/**
 * The SP 800-90B boundary: every source with its tests and its conditioning, the pool of blocks, the
 * books, the quorum. Seeds are taken from here.
 */
export class EntropyRoom implements SeedSupply, SourceControl {
  readonly ledger = new Ledger();
  readonly shape: Shape;
  readonly #options: EntropyRoomOptions;
  readonly #policy: QuorumPolicy;
  readonly #pool: Pool;
  readonly #stationRoom: StationRoom;
  #started = false;
  readonly #stations = new Map<string, SourceStation>();
  readonly #supply: SeedSupply;
  readonly #poolListeners = new Set<() => void>();
  readonly #discardListeners = new Set<(source: string) => void>();
  readonly #stateListeners = new Set<() => void>();
  #quorumMet: boolean;

  /** @throws Error for two sources of one id; SpringhouseError `configuration_invalid` */
  constructor(options: EntropyRoomOptions) {
    this.#options = options;
    this.shape = options.shape;
    this.#policy = options.shape === "RBGC" ? { sources: 0, withoutBest: 0 } : options.quorum;
    this.#pool = new Pool(this.ledger, options.poolBlocksPerSource);
    this.#stationRoom = {
      clock: options.clock,
      observer: options.observer,
      ledger: this.ledger,
      identifiers: new Identifiers(options.boot),
      pool: this.#pool,
      memory: options.memory ?? { recall: () => null, remember: () => {} },
      live: options.live ?? null,
      physicalOnly: options.shape === "RBG2(P)",
      onStateChanged: () => {
        this.#watchQuorum();
        for (const listener of this.#stateListeners) listener();
      },
      onPoolChanged: () => {
        for (const listener of this.#poolListeners) listener();
      },
      onSourceDiscarded: (source) => {
        for (const listener of this.#discardListeners) listener(source);
      },
      onFault: options.onFault ?? (() => {}),
    };
    for (const source of options.sources) this.add(source);
    this.#supply = this.#supplyOf(options);
    this.#quorumMet = this.quorum().met;
  }

  /**
   * One more source, which is opened at once where the room has started: a device that was plugged in.
   * The shape and the quorum's policy stay as they are.
   * @throws Error for an id that is taken; SpringhouseError `configuration_invalid`
   */
  add(given: SourceOptions): void {
    const { id } = given.source;
    if (this.#stations.has(id)) throw new Error(`two sources are named ${id}`);
    // Over a parent nothing is credited, so that no block is kept out of the additional input.
    const source = this.shape === "RBGC" ? { ...given, assessed: null, compliant: null } : given;
    const station = new SourceStation(source, this.#stationRoom);
    this.#stations.set(id, station);
    if (this.#started) station.start();
  }

  start(): void {
    this.#started = true;
    for (const station of this.#stations.values()) station.start();
  }

  /** Within a second: aborts every session, ends every tap, overwrites every block. */
  async stop(): Promise<void> {
    this.#started = false;
    await Promise.all([...this.#stations.values()].map((station) => station.stop()));
  }

  /**
   * After a resume or in a clone: no block from before may be used, as its twin may be used elsewhere,
   * and every source runs its startup test again (SP 800-90B 4.3).
   */
  restartAll(detail: string): void {
    for (const station of this.#stations.values()) station.restart(detail);
  }

  take(request: SeedRequest): SeedMaterial | Shortfall {
    return this.#supply.take(request);
  }

  unavailable(): Shortfall | null {
    return this.#supply.unavailable();
  }

  /** Blocks were added: a seed that fell short may be had now. Returns the unsubscribe. */
  onPoolChanged(listener: () => void): () => void {
    this.#poolListeners.add(listener);
    return () => this.#poolListeners.delete(listener);
  }

  /** A source's state or credit changed, and with it perhaps whether seeds may be used. */
  onStateChanged(listener: () => void): void {
    this.#stateListeners.add(listener);
  }

  /** An alarm: seeds prepared with data of this source and not used yet must be dropped. */
  onSourceDiscarded(listener: (source: string) => void): () => void {
    this.#discardListeners.add(listener);
    return () => this.#discardListeners.delete(listener);
  }

  quorum(): QuorumState {
    return quorumState(this.#policy, [...this.#stations.values()]);
  }

  accounts(): readonly LedgerAccount[] {
    return this.ledger.accounts();
  }

  snapshot(): readonly SourceSnapshot[] {
    return [...this.#stations.values()].map((station) => station.snapshot());
  }

  /** What a source's live tests are computed from; undefined for one that is not there. */
  healthOptions(source: string): HealthOptions | undefined {
    return this.#stations.get(source)?.healthOptions;
  }

  tap(source: string, samples: number | null, actor: string): Tap | Refusal {
    return this.#stations.get(source)?.diversions.tap(samples, actor) ?? unknown(source);
  }

  glimpse(source: string, actor: string, reader: GlimpseReader): { close(): void } | Refusal {
    return this.#stations.get(source)?.diversions.glimpse(actor, reader) ?? unknown(source);
  }

  restarts(source: string, order: RestartOrder, actor: string): RestartTap | Refusal {
    return this.#stations.get(source)?.diversions.restarts(order, actor) ?? unknown(source);
  }

  test(source: string, actor: string): Promise<SourceTestReport | Refusal> {
    return this.#stations.get(source)?.test(actor) ?? Promise.resolve(unknown(source));
  }

  mayReset(source: string): Refusal | null {
    const station = this.#stations.get(source);
    return station ? station.mayReset() : unknown(source);
  }

  reset(source: string): Refusal | null {
    const station = this.#stations.get(source);
    return station ? station.reset() : unknown(source);
  }

  #supplyOf({ shape, clock, osRandom }: EntropyRoomOptions): SeedSupply {
    const terms = {
      pool: this.#pool,
      policy: this.#policy,
      sources: () => [...this.#stations.values()],
      now: () => instantOf(clock),
      osRandom,
    };
    if (shape !== "RBGC") return new EntropySupply(terms);
    return new ParentSupply({ ...terms, name: "os", healthy: () => this.#osHealthy() });
  }

  /** The OS RNG is sampled as a source of its own, so that its output is tested all the time. */
  #osHealthy(): boolean {
    return this.#options.sources.some(
      ({ source }) => source.kind === "os" && this.#stations.get(source.id)?.state === "healthy",
    );
  }

  #watchQuorum(): void {
    const quorum = this.quorum();
    if (quorum.met === this.#quorumMet) return;
    this.#quorumMet = quorum.met;
    const { clock, observer } = this.#options;
    const { sources, withoutBest, available } = quorum;
    observer.event({
      kind: quorum.met ? "quorum_met" : "quorum_lost",
      atMilliseconds: clock.wallMilliseconds(),
      source: null,
      severity: quorum.met ? "info" : "critical",
      actor: null,
      reason: null,
      detail: `${available} credited sources are healthy`,
      data: { sources, withoutBest, available },
    });
  }
}

function unknown(source: string): Refusal {
  return refuse("not_found", `there is no source ${source}`);
}
