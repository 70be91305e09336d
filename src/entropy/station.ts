import { HealthMonitor, type HealthOptions } from "../health/monitor.ts";
import type { Cancel, Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Observer } from "../port/event.ts";
import type { HealthMemory } from "../port/healthMemory.ts";
import type { SourceState, Verdict } from "../port/health.ts";
import type { LiveEstimation } from "../port/liveEstimate.ts";
import type {
  GlimpseReader,
  RestartOrder,
  RestartTap,
  SourceTestReport,
  Tap,
} from "../port/service.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import { Backoff } from "../source/backoff.ts";
import { explainEnd, explainFault, explainState, type Explanation } from "./cause.ts";
import { isCredited } from "./claim.ts";
import { Glimpse, GLIMPSE_MILLISECONDS, GLIMPSE_SAMPLES } from "./glimpse.ts";
import type { Identifiers } from "./identifiers.ts";
import type { Ledger } from "./ledger.ts";
import type { Pool, PooledBlock } from "./pool.ts";
import { Pump } from "./pump.ts";
import { RestartChannel, restartOrderFault } from "./restartChannel.ts";
import { RememberedHealth } from "./rememberedHealth.ts";
import { runSession } from "./session.ts";
import { SourceEvents } from "./sourceEvents.ts";
import type { SourceOptions } from "./sourceOptions.ts";
import { TapChannel } from "./tap.ts";

/** What all stations share. */
export interface StationRoom {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly ledger: Ledger;
  readonly identifiers: Identifiers;
  readonly pool: Pool;
  readonly physicalOnly: boolean;
  readonly memory: HealthMemory;
  /** Null: nothing is estimated. */
  readonly live: LiveEstimation | null;
  readonly onStateChanged: () => void;
  readonly onPoolChanged: () => void;
  readonly onSourceDiscarded: (source: string) => void;
  /** A defect in a source or in this room; the source is stopped and opened again later. */
  readonly onFault: (source: string, error: unknown) => void;
}

/**
 * Silence is seen a tenth of its cutoff late at most. Not more often than 100 ms, since every tick
 * wakes the process; nor less often than 250 ms, since windows of a slow source are closed by it and
 * a block for a fresh request is to be younger than 1 s.
 */
const SHORTEST_TICK_MILLISECONDS = 100;
const LONGEST_TICK_MILLISECONDS = 250;
/** With nothing open there is neither silence nor a window, only gaps that were not told yet. */
const ABSENT_TICK_MILLISECONDS = 1000;
/** The contract of `NoiseSource.run`: it is over within a second of the abort. */
const STOP_MILLISECONDS = 1000;
/** A device that fell silent for so long is opened anew: some only come back that way. */
const REOPEN_SILENT_MILLISECONDS = 10_000;
/** An on-demand test may take so many times what it takes at the configured rate, and 10 s at least. */
const TEST_PATIENCE = 4;
const SHORTEST_TEST_MILLISECONDS = 10_000;
/** One that sent nothing since it was opened is given longer: a program may have to warm up. */
const REOPEN_UNHEARD_MILLISECONDS = 30_000;

const UNDER_RESTARTS = "a capture over restarts of this source is under way";

function isOfRestarts(...states: readonly SourceState[]): boolean {
  return states.every((state) => state === "absent" || state === "starting");
}

/**
 * The life of one source: opened again and again with back-off, its samples pumped, its health
 * told to the observer. It never gives up, but on a recording that came to its end.
 */
export class SourceStation {
  readonly #options: SourceOptions;
  readonly #room: StationRoom;
  readonly #monitor: HealthMonitor;
  readonly #pump: Pump;
  readonly #events: SourceEvents;
  readonly #remembered: RememberedHealth;
  readonly #backoff = new Backoff();
  #absence: Explanation;
  #state: SourceState = "absent";
  #credited = false;
  #sinceMilliseconds: number;
  #session: AbortController | null = null;
  #openedAt: number | null = null;
  #silenceTimeout = false;
  #stopping = false;
  #life: Promise<void> | null = null;
  #cancelTick: Cancel | null = null;
  #wake: (() => void) | null = null;
  #restarts: RestartChannel | null = null;
  #glimpse: Glimpse | null = null;
  /** This session was ended only to open the next one. */
  #restarting = false;
  #testDone: ((report: SourceTestReport) => void) | null = null;
  #testFrom = 0;
  #cancelTest: Cancel = () => {};

  /** @throws SpringhouseError `configuration_invalid`, RangeError for an impossible claim */
  constructor(options: SourceOptions, room: StationRoom) {
    const { source } = options;
    this.#options = options;
    this.#room = room;
    this.#absence = explainEnd({ reason: "absent", detail: "not opened yet" });
    this.#sinceMilliseconds = room.clock.wallMilliseconds();
    this.#monitor = new HealthMonitor(options.health);
    this.#events = new SourceEvents(source.id, room.observer, room.clock);
    this.#remembered = new RememberedHealth(source.id, this.#monitor, room.memory, room.clock);
    this.#remembered.recall();
    this.#state = this.#monitor.state;
    this.#pump = new Pump(
      {
        source,
        claim: options,
        component: options.component,
        configurationVersion: options.configurationVersion,
        physicalOnly: room.physicalOnly,
        budgetSamplesPerSecond: options.budgetSamplesPerSecond ?? Infinity,
      },
      this.#monitor,
      room,
      {
        released: (blocks) => this.#released(blocks),
        discarded: () => this.#discarded(),
        verdict: (verdict) => this.#verdict(verdict),
        gap: (_lost, detail) => this.#events.gap(detail, this.#pump),
      },
    );
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
    const { source } = this.#options;
    return isCredited(source, this.#options, this.#pump.device, this.#room.physicalOnly);
  }

  start(): void {
    if (this.#life !== null) return;
    if (this.#monitor.state === "failed") this.#tellLatched();
    this.#life = this.#live();
    this.#scheduleTick();
  }

  /** Resolves within a second, even if the source breaks its contract. Overwrites what it holds. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelTick?.();
    this.#restarts?.abandon("the service is stopping");
    this.#session?.abort();
    this.#wake?.();
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#room.clock.schedule(STOP_MILLISECONDS, resolve);
    });
    await Promise.race([this.#life, late]);
    cancel();
    this.#pump.closed("the service is stopping");
    this.#pump.discardAll();
    this.#settleTest();
  }

  tap(samples: number | null, actor: string): Tap | Refusal {
    if (samples !== null && !(Number.isSafeInteger(samples) && samples > 0)) {
      return refuse("invalid_parameter", "count is a whole number of samples above 0");
    }
    if (this.#restarts !== null) return refuse("conflict", UNDER_RESTARTS);
    if (this.#pump.device === null) return this.#refuseAbsent();
    const { source } = this.#options;
    const firstSequence = this.#monitor.samples;
    const tap = new TapChannel({
      source: this.id,
      bitsPerSample: source.bitsPerSample,
      device: this.#pump.device,
      firstSequence,
      samples,
      onClosed: (detail) => {
        this.#pump.removeClosedTaps();
        this.#events.tell("tap_closed", "info", detail, { firstSequence }, actor);
      },
    });
    this.#pump.addTap(tap);
    this.#events.tell(
      "tap_opened",
      "info",
      "samples are diverted",
      { firstSequence, samples },
      actor,
    );
    return tap;
  }

  glimpse(actor: string, reader: GlimpseReader): { close(): void } | Refusal {
    if (this.#restarts !== null) return refuse("conflict", UNDER_RESTARTS);
    if (this.#pump.device === null) return this.#refuseAbsent();
    if (this.#glimpse !== null)
      return refuse("conflict", "samples of this source are being shown to somebody already");
    const glimpse = new Glimpse(this.#room.clock, reader);
    this.#glimpse = glimpse;
    this.#pump.addTap(glimpse);
    const firstSequence = this.#monitor.samples;
    const terms = { firstSequence, samples: GLIMPSE_SAMPLES, milliseconds: GLIMPSE_MILLISECONDS };
    const detail = "a few samples are diverted again and again, to be looked at";
    this.#events.tell("tap_opened", "info", detail, terms, actor);
    return {
      close: () => {
        if (this.#glimpse !== glimpse) return;
        this.#glimpse = null;
        glimpse.close();
        this.#pump.removeClosedTaps();
        this.#events.tell("tap_closed", "info", "nobody looks any more", { firstSequence }, actor);
      },
    };
  }

  restarts(order: RestartOrder, actor: string): RestartTap | Refusal {
    const { restarts, samplesPerRestart } = order;
    const refusal = this.#mayRestart(order);
    if (refusal !== null) return refusal;
    const { source } = this.#options;
    const firstSequence = this.#monitor.samples;
    const data = { restarts, samplesPerRestart, settleBytes: source.settleBytes };
    const tap = new TapChannel({
      source: this.id,
      bitsPerSample: source.bitsPerSample,
      device: this.#pump.device,
      firstSequence,
      samples: restarts * samplesPerRestart,
      onClosed: (detail) => {
        this.#restarts = null;
        this.#pump.removeClosedTaps();
        this.#events.tell("tap_closed", "info", detail, { firstSequence, ...data }, actor);
      },
    });
    this.#restarts = new RestartChannel(tap, samplesPerRestart, () => this.#endSession());
    // From here on nothing of this source is conditioned.
    this.#pump.addTap(this.#restarts);
    const detail = "it is opened again and again, and its samples are diverted";
    this.#events.tell("tap_opened", "info", detail, { firstSequence, ...data }, actor);
    this.#endSession();
    return Object.assign(tap, { restart: "reopen" as const, settleBytes: source.settleBytes });
  }

  test(actor: string): Promise<SourceTestReport | Refusal> {
    if (this.#restarts !== null) return Promise.resolve(refuse("conflict", UNDER_RESTARTS));
    if (this.#testDone !== null) {
      return Promise.resolve(refuse("conflict", "an on-demand test of this source is running"));
    }
    const refusal = this.#monitor.beginOnDemandTest(this.#room.clock.monotonicMilliseconds());
    if (refusal) {
      return Promise.resolve(refusal.code === "source_absent" ? this.#refuseAbsent() : refusal);
    }
    this.#testFrom = this.#monitor.samples;
    const { startupSamplesRemaining } = this.#monitor.snapshot();
    const expected = (startupSamplesRemaining / this.#options.health.samplesPerSecond) * 1000;
    this.#cancelTest = this.#room.clock.schedule(
      Math.max(SHORTEST_TEST_MILLISECONDS, TEST_PATIENCE * expected),
      () => this.#settleTest(),
    );
    return new Promise((resolve) => {
      this.#testDone = (report) => {
        const { passed, samples } = report;
        const data = { passed, samples };
        this.#events.tell("source_tested", passed ? "info" : "warning", report.detail, data, actor);
        resolve(report);
      };
      this.#stateChanged();
    });
  }

  mayReset(): Refusal | null {
    return this.#monitor.mayReset();
  }

  reset(): Refusal | null {
    const refusal = this.#monitor.reset(this.#room.clock.monotonicMilliseconds());
    if (refusal) return refusal;
    this.#stateChanged();
    return null;
  }

  /** Discards what this source gave so far and runs its startup test again. */
  restart(detail: string): void {
    this.#restarts?.abandon(detail);
    this.#pump.restart(detail);
    this.#stateChanged();
  }

  snapshot(): SourceSnapshot {
    const { source, assessed, compliant, testedEntropy } = this.#options;
    const health = this.#monitor.snapshot(this.#room.clock.monotonicMilliseconds());
    const account = this.#room.ledger.account(this.id);
    return {
      id: this.id,
      kind: source.kind,
      physical: source.physical,
      bitsPerSample: source.bitsPerSample,
      state: health.state,
      ...explainState(health, this.#absence),
      sinceMilliseconds: this.#sinceMilliseconds,
      device: this.#pump.device,
      testedEntropy,
      assessedEntropy: assessed?.entropy ?? 0,
      assessedEvidence: assessed?.evidence ?? null,
      compliantEntropy: compliant?.entropy ?? 0,
      credited: this.credited && health.state === "healthy",
      tapped: this.#pump.tapped,
      samplesTotal: account.testedSamples,
      droppedSamplesTotal: this.#pump.droppedSamples,
      divertedSamplesTotal: account.divertedSamples,
      discardedSamplesTotal: account.discardedSamples,
      conditionedSamplesTotal: account.conditionedSamples,
      gapsTotal: this.#pump.gaps,
      creditedBitsTotal: account.creditedMadeBits,
      lastSampleMilliseconds: this.#pump.lastSample?.wallMilliseconds ?? null,
      tests: health.tests,
      alarms: health.alarms,
      expectedFalseAlarmsPerYear: health.expectedFalseAlarmsPerYear,
      poolBlocks: this.#room.pool.count(this.id),
      live: this.#room.live?.snapshot(this.id) ?? null,
    };
  }

  async #live(): Promise<void> {
    while (!this.#stopping) {
      const controller = new AbortController();
      this.#session = controller;
      this.#openedAt = null;
      this.#silenceTimeout = false;
      const result = await runSession(this.#options.source, this.#sink(), controller);
      this.#session = null;
      if (this.#stopping) return;
      // A session without a sample is a failure however long it was, so that a dead device backs off.
      const lived = this.#heardMilliseconds() ?? 0;
      const restarting = this.#restarting && result.end !== undefined;
      this.#restarting = false;
      if (restarting) {
        this.#absence = explainEnd({ reason: "absent", detail: "closed, to be opened again" });
      } else if (result.end) {
        this.#absence = explainEnd(
          this.#silenceTimeout
            ? { reason: "silent", detail: "open and silent; it is opened anew" }
            : result.end,
        );
      } else {
        this.#absence = explainFault(result.fault);
        // Whatever went wrong, nothing that this source gave is trusted any more.
        this.#pump.discardAll();
        this.#room.onFault(this.id, result.fault);
      }
      if (!restarting) this.#restarts?.abandon(this.#absence.detail);
      this.#pump.closed(this.#absence.detail);
      this.#stateChanged();
      if (restarting) {
        await this.#pause(this.#pump.budgetMilliseconds());
        continue;
      }
      if (result.end?.reason === "exhausted") return;
      await this.#pause(this.#backoff.ended(lived));
    }
  }

  #sink() {
    return {
      opened: (device: Parameters<Pump["opened"]>[0]) => {
        this.#openedAt = this.#monotonic();
        this.#pump.opened(device);
        this.#restarts?.begin(device);
        this.#stateChanged();
        this.#scheduleTick();
      },
      samples: (symbols: Uint8Array) => this.#pump.samples(symbols),
      gap: (lost: number, detail: string) => this.#pump.gap(lost, detail),
    };
  }

  #mayRestart(order: RestartOrder): Refusal | null {
    const fault = restartOrderFault(order);
    if (fault !== null) return refuse("invalid_parameter", fault);
    if (this.#options.source.kind === "recording")
      return refuse("conflict", "a recording gives the same samples whenever it is opened");
    if (this.#restarts !== null) return refuse("conflict", UNDER_RESTARTS);
    if (this.#pump.device === null || this.#session === null) return this.#refuseAbsent();
    if (this.#pump.tapped)
      return refuse("conflict", "a tap is open, and would be cut off by a restart");
    if (this.#testDone !== null)
      return refuse("conflict", "an on-demand test of this source is running");
    return null;
  }

  #endSession(): void {
    this.#restarting = true;
    this.#session?.abort();
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#room.clock.schedule(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #tickMilliseconds(): number {
    if (this.#pump.device === null) return ABSENT_TICK_MILLISECONDS;
    const tenth = this.#options.health.silenceMilliseconds / 10;
    return Math.min(LONGEST_TICK_MILLISECONDS, Math.max(SHORTEST_TICK_MILLISECONDS, tenth));
  }

  #scheduleTick(): void {
    this.#cancelTick?.();
    if (this.#stopping) return;
    this.#cancelTick = this.#room.clock.schedule(this.#tickMilliseconds(), () => {
      this.#scheduleTick();
      this.#pump.tick();
      this.#reopenIfSilent();
      this.#events.tellGaps(this.#pump);
    });
  }

  #reopenIfSilent(): void {
    if (this.#openedAt === null || this.#session === null) return;
    const heard = this.#heardMilliseconds();
    const limit = Math.max(
      heard === null ? REOPEN_UNHEARD_MILLISECONDS : REOPEN_SILENT_MILLISECONDS,
      3 * this.#options.health.silenceMilliseconds,
    );
    if (this.#monotonic() - this.#openedAt - (heard ?? 0) < limit) return;
    this.#silenceTimeout = true;
    this.#session.abort();
  }

  /** From the open of this session to its last sample; null without one. */
  #heardMilliseconds(): number | null {
    if (this.#openedAt === null) return null;
    const last = this.#pump.lastSample?.monotonicMilliseconds ?? -Infinity;
    return last < this.#openedAt ? null : last - this.#openedAt;
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
    this.#stateChanged();
  }

  /** Compares with what was told last; cheap, for it is called with every chunk. */
  #stateChanged(): void {
    this.#remembered.remember();
    const { state } = this.#monitor;
    const { credited } = this;
    if (state !== this.#state) {
      const before = this.#state;
      this.#state = state;
      this.#sinceMilliseconds = this.#room.clock.wallMilliseconds();
      const { cause, detail } = explainState(this.#monitor.snapshot(), this.#absence);
      // Each of a thousand restarts would tell of a device that is absent and back.
      if (this.#restarts === null || !isOfRestarts(before, state))
        this.#events.state(before, state, cause, detail);
      this.#credited = credited;
      this.#room.onStateChanged();
    } else if (credited !== this.#credited) {
      this.#credited = credited;
      this.#room.onStateChanged();
    }
    if (this.#testDone !== null && this.#monitor.snapshot().onDemandTest !== "running") {
      this.#settleTest();
    }
  }

  /** It failed in an earlier life of the service: said again, since nothing else would say it. */
  #tellLatched(): void {
    const { cause, detail } = explainState(this.#monitor.snapshot(), this.#absence);
    this.#events.state("failed", "failed", cause, detail);
  }

  #settleTest(): void {
    const done = this.#testDone;
    if (done === null) return;
    this.#testDone = null;
    this.#cancelTest();
    const { onDemandTest, state, tests } = this.#monitor.snapshot();
    const samples = this.#monitor.samples - this.#testFrom;
    const detail = `on-demand test ${onDemandTest === "running" ? "abandoned" : onDemandTest}`;
    done({ source: this.id, passed: onDemandTest === "passed", samples, state, tests, detail });
  }

  #refuseAbsent(): Refusal {
    const { detail, remedy } = explainState(this.#monitor.snapshot(), this.#absence);
    return refuse("source_absent", detail, remedy === null ? {} : { remedy });
  }

  #monotonic(): number {
    return this.#room.clock.monotonicMilliseconds();
  }
}
