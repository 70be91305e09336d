import { HealthMonitor, type HealthOptions } from "../health/monitor.ts";
import type { Refusal } from "../port/errors.ts";
import type { SourceState, Verdict } from "../port/health.ts";
import type { SourceTestReport } from "../port/service.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import type { DeviceDescription } from "../port/source.ts";
import { Diversions, UNDER_RESTARTS } from "./diversions.ts";
import { OnDemandTest } from "./onDemandTest.ts";
import type { PooledBlock } from "./pool.ts";
import { Presence } from "./presence.ts";
import { Pump } from "./pump.ts";
import { RememberedHealth } from "./rememberedHealth.ts";
import type { SessionResult } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { SourceEvents } from "./sourceEvents.ts";
import type { SourceOptions } from "./sourceOptions.ts";
import { sourceSnapshot } from "./sourceSnapshot.ts";
import { Standing } from "./standing.ts";
import type { StationRoom } from "./stationRoom.ts";
import { Tick } from "./tick.ts";

/**
 * One source with all that is about it: its sessions, one after another, its pump, its tests, what is
 * diverted, and what is told of it. Each is a machine of its own; here they meet.
 */
export class SourceStation {
  /** Taps, glimpses and captures over restarts. */
  readonly diversions: Diversions;
  readonly #options: SourceOptions;
  readonly #room: StationRoom;
  readonly #monitor: HealthMonitor;
  readonly #presence: Presence;
  readonly #sessions: Sessions;
  readonly #pump: Pump;
  readonly #test: OnDemandTest;
  readonly #events: SourceEvents;
  readonly #remembered: RememberedHealth;
  readonly #standing: Standing;
  readonly #tick: Tick;

  /** @throws SpringhouseError `configuration_invalid`, RangeError for an impossible claim */
  constructor(options: SourceOptions, room: StationRoom) {
    const { source, health } = options;
    const { clock } = room;
    this.#options = options;
    this.#room = room;
    this.#monitor = new HealthMonitor(health);
    this.#presence = new Presence(health.silenceMilliseconds);
    this.#sessions = new Sessions(source, this.#sink(), clock);
    this.#pump = this.#pumpOf(options);
    this.#tick = new Tick(clock, health.silenceMilliseconds, () => this.#timePasses());
    this.#events = new SourceEvents(source.id, room.observer, clock);
    this.#remembered = new RememberedHealth(source.id, this.#monitor, room.memory, clock);
    this.#remembered.recall();
    this.#standing = new Standing(this.#monitor, this.#presence, this.#events, clock);
    const { id } = source;
    this.#test = new OnDemandTest(id, this.#monitor, health.samplesPerSecond, clock, this.#events);
    this.diversions = new Diversions({
      source,
      clock,
      pump: this.#pump,
      presence: this.#presence,
      sessions: this.#sessions,
      standing: this.#standing,
      test: this.#test,
      events: this.#events,
    });
  }

  get id(): string {
    return this.#options.source.id;
  }

  get healthOptions(): HealthOptions {
    return this.#options.health;
  }

  get physical(): boolean {
    return this.#options.source.physical;
  }

  get state(): SourceState {
    return this.#monitor.state;
  }

  /** Do its blocks count in a seed's strength, as far as its device and its claim go? */
  get credited(): boolean {
    return this.#pump.credited;
  }

  /** It is opened again and again from here on, and never given up, but a recording at its end. */
  start(): void {
    if (this.#tick.started) return;
    this.#standing.tellLatched();
    this.#sessions.start();
    this.#scheduleTick();
  }

  /** Resolves within a second, even if the source breaks its contract. Overwrites what it holds. */
  async stop(): Promise<void> {
    const detail = "the service is stopping";
    this.#tick.stop();
    this.diversions.abandonRestarts(detail);
    await this.#sessions.stop();
    this.#pump.closed(detail);
    this.#pump.discardAll();
    this.#test.settle();
  }

  /** Discards what this source gave so far and runs its startup test again. */
  restart(detail: string): void {
    this.diversions.abandonRestarts(detail);
    this.#pump.restart(detail);
    this.#changed();
  }

  test(actor: string): Promise<SourceTestReport | Refusal> {
    if (this.diversions.restarting) return Promise.resolve(UNDER_RESTARTS);
    const begun = this.#test.begin(actor);
    if ("ok" in begun) {
      return Promise.resolve(begun.code === "source_absent" ? this.#standing.refusal() : begun);
    }
    this.#changed();
    return begun;
  }

  mayReset(): Refusal | null {
    return this.#monitor.mayReset();
  }

  reset(): Refusal | null {
    const refusal = this.#monitor.reset(this.#room.clock.monotonicMilliseconds());
    if (refusal) return refusal;
    this.#changed();
    return null;
  }

  snapshot(): SourceSnapshot {
    return sourceSnapshot({
      options: this.#options,
      health: this.#monitor.snapshot(this.#room.clock.monotonicMilliseconds()),
      standing: this.#standing,
      pump: this.#pump,
      room: this.#room,
    });
  }

  #sink() {
    return {
      opened: (device: DeviceDescription) => this.#opened(device),
      samples: (symbols: Uint8Array) => this.#pump.samples(symbols),
      gap: (lost: number, detail: string) => this.#pump.gap(lost, detail),
      ended: (result: SessionResult) => this.#ended(result),
    };
  }

  #pumpOf(options: SourceOptions): Pump {
    const { source, component, configurationVersion, budgetSamplesPerSecond } = options;
    return new Pump(
      {
        source,
        claim: options,
        component,
        configurationVersion,
        physicalOnly: this.#room.physicalOnly,
        budgetSamplesPerSecond: budgetSamplesPerSecond ?? Infinity,
      },
      this.#monitor,
      this.#room,
      {
        released: (blocks) => this.#released(blocks),
        discarded: () => this.#discarded(),
        verdict: (verdict) => this.#verdict(verdict),
        gap: (_lost, detail) => this.#events.gap(detail, this.#pump),
      },
    );
  }

  #opened(device: DeviceDescription): void {
    this.#presence.opened(this.#room.clock.monotonicMilliseconds());
    this.#pump.opened(device);
    this.diversions.deviceOpened(device);
    this.#changed();
    this.#scheduleTick();
  }

  /** @returns the pause before the next session, milliseconds; null: there is none */
  #ended(result: SessionResult): number | null {
    const sequel = this.#presence.ended(result, this.#lastSampleAt());
    const { detail } = this.#presence.absence;
    if (result.end === undefined) {
      // Whatever went wrong, nothing that this source gave is trusted any more.
      this.#pump.discardAll();
      this.#room.onFault(this.id, result.fault);
    }
    if (sequel.next !== "reopened") this.diversions.abandonRestarts(detail);
    this.#pump.closed(detail);
    this.#changed();
    if (sequel.next === "reopened") return this.#pump.budgetMilliseconds();
    return sequel.next === "none" ? null : sequel.afterMilliseconds;
  }

  #released(blocks: readonly PooledBlock[]): void {
    for (const block of blocks) this.#room.pool.add(block);
    this.#room.onPoolChanged();
  }

  #discarded(): void {
    this.#room.pool.discard(this.id);
    this.#room.onSourceDiscarded(this.id);
  }

  #verdict(verdict: Verdict): void {
    for (const alarm of verdict.alarms) this.#events.alarm(alarm);
    this.#changed();
  }

  /** Something may have: remembered, told and answered where it did. Called with every chunk. */
  #changed(): void {
    this.#remembered.remember();
    if (this.#standing.update(this.credited, this.diversions.restarting))
      this.#room.onStateChanged();
    this.#test.settleIfOver();
  }

  #timePasses(): void {
    this.#scheduleTick();
    this.#pump.tick();
    const now = this.#room.clock.monotonicMilliseconds();
    if (this.#presence.isGivenUp(now, this.#lastSampleAt())) this.#sessions.endOne();
    this.#events.tellGaps(this.#pump);
  }

  #scheduleTick(): void {
    this.#tick.schedule(this.#pump.device !== null);
  }

  #lastSampleAt(): number | null {
    return this.#pump.lastSample?.monotonicMilliseconds ?? null;
  }
}
