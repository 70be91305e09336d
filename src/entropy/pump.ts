import type { ConditioningComponent } from "../conditioning/component.ts";
import type { HealthMonitor } from "../health/monitor.ts";
import type { Clock } from "../port/clock.ts";
import type { Verdict } from "../port/health.ts";
import type { LiveEstimation } from "../port/liveEstimate.ts";
import type { EntropyBlock } from "../port/lineage.ts";
import type { DeviceDescription, NoiseSource, SampleSink } from "../port/source.ts";
import { Accumulator, type ConditionedBlock } from "./accumulator.ts";
import { blockArithmetic, claimedEntropy, isCredited, type SourceClaim } from "./claim.ts";
import type { Identifiers } from "./identifiers.ts";
import { instantOf, type Instant } from "./instant.ts";
import type { Ledger } from "./ledger.ts";
import type { PooledBlock } from "./pool.ts";
import { SampleBudget } from "./sampleBudget.ts";
import type { PumpTap } from "./tap.ts";
import { MAXIMUM_WINDOW_SAMPLES, OpenWindow } from "./window.ts";

export interface PumpTerms {
  readonly source: Pick<NoiseSource, "id" | "kind" | "physical" | "bitsPerSample">;
  readonly claim: SourceClaim;
  readonly component: ConditioningComponent;
  readonly configurationVersion: string;
  /** Count physical sources only: RBG2(P). */
  readonly physicalOnly: boolean;
  /** Samples a second, beyond which they are dropped; Infinity for no bound. */
  readonly budgetSamplesPerSecond: number;
}

/** What the pump tells its station, always after its own state is in order. */
export interface PumpListener {
  /** Blocks all of whose windows closed with a passed verdict. */
  released(blocks: readonly PooledBlock[]): void;
  /** An alarm: whatever came from this source and is in no seed yet is worthless. */
  discarded(): void;
  verdict(verdict: Verdict): void;
  gap(lost: number, detail: string): void;
}

interface PendingBlock {
  readonly conditioned: ConditionedBlock;
  readonly block: EntropyBlock;
  readonly lastSample: Instant;
}

/**
 * The way of one source's samples: health tests on the raw ones first; then either to the open taps
 * or, where they passed while the source was healthy, to conditioning; never both. Synchronous:
 * nothing queues, so the source never feels back-pressure.
 */
export class Pump implements SampleSink {
  readonly #terms: PumpTerms;
  readonly #monitor: HealthMonitor;
  readonly #ledger: Ledger;
  readonly #identifiers: Identifiers;
  readonly #clock: Clock;
  readonly #listener: PumpListener;
  readonly #live: LiveEstimation | null;
  readonly #accumulator: Accumulator;
  readonly #budget: SampleBudget;
  readonly #claimed: number;
  #device: DeviceDescription | null = null;
  #window: OpenWindow | null = null;
  #pending: PendingBlock[] = [];
  #taps: PumpTap[] = [];
  #dropped = 0;
  #gaps = 0;
  #lastSample: Instant | null = null;

  constructor(
    terms: PumpTerms,
    monitor: HealthMonitor,
    room: {
      readonly ledger: Ledger;
      readonly identifiers: Identifiers;
      readonly clock: Clock;
      readonly live?: LiveEstimation | null;
    },
    listener: PumpListener,
  ) {
    const { source, component } = terms;
    const { bitsPerSample } = source;
    this.#terms = terms;
    this.#monitor = monitor;
    this.#ledger = room.ledger;
    this.#identifiers = room.identifiers;
    this.#clock = room.clock;
    this.#listener = listener;
    this.#live = room.live ?? null;
    this.#claimed = claimedEntropy(terms.claim);
    this.#accumulator = new Accumulator({
      bitsPerSample,
      claimedEntropy: this.#claimed,
      component,
    });
    this.#budget = new SampleBudget(terms.budgetSamplesPerSecond);
    this.#ledger.open({
      source: source.id,
      claimedEntropy: this.#claimed,
      bitsPerSample,
      component,
    });
    this.#live?.open({ source: source.id, bitsPerSample, claimedEntropy: this.#claimed });
  }

  get device(): DeviceDescription | null {
    return this.#device;
  }

  /** Would a block that is made now be credited? */
  get credited(): boolean {
    const { source, claim, physicalOnly } = this.#terms;
    return isCredited(source, claim, this.#device, physicalOnly);
  }

  get tapped(): boolean {
    return this.#taps.some(({ takesAll }) => takesAll);
  }

  get droppedSamples(): number {
    return this.#dropped;
  }

  get gaps(): number {
    return this.#gaps;
  }

  /** Of the next sample that is tested. */
  get nextSequence(): number {
    return this.#monitor.samples;
  }

  get lastSample(): Instant | null {
    return this.#lastSample;
  }

  opened(device: DeviceDescription): void {
    this.#device = device;
    this.#monitor.present(this.#clock.monotonicMilliseconds());
  }

  samples(symbols: Uint8Array): void {
    if (symbols.length === 0) return;
    const now = instantOf(this.#clock);
    const taken = this.#budget.take(symbols.length, now.monotonicMilliseconds);
    // A piece never exceeds a window, so that a window is closed at most once before it.
    for (let from = 0; from < taken; from += MAXIMUM_WINDOW_SAMPLES) {
      this.#piece(symbols.subarray(from, Math.min(taken, from + MAXIMUM_WINDOW_SAMPLES)), now);
    }
    const over = symbols.length - taken;
    if (over > 0) this.gap(over, "more samples than the configured budget; they were dropped");
  }

  gap(lost: number, detail: string): void {
    this.#dropped += lost;
    this.#gaps += 1;
    this.#monitor.gap();
    this.#live?.broken(this.#terms.source.id);
    this.#closeWindow();
    this.#failTaps(detail);
    this.#listener.gap(lost, detail);
  }

  /** Time passes: closes a window that is old enough, and sees silence. */
  tick(): void {
    const now = instantOf(this.#clock);
    const verdict = this.#monitor.tick(now.monotonicMilliseconds);
    if (verdict.discardAccumulated) this.discardAll();
    else if (this.#window?.isDue(now)) this.#closeWindow();
    this.#listener.verdict(verdict);
  }

  /**
   * The session ended. Complete blocks are released; the remainder is discarded, so that no block
   * holds samples of two sessions: the next device may be another one.
   */
  closed(detail: string): void {
    this.#live?.broken(this.#terms.source.id);
    this.#closeWindow();
    this.#discardHeld();
    this.#failTaps(detail);
    this.#device = null;
    this.#monitor.absent(this.#clock.monotonicMilliseconds());
  }

  /** What came before is not used any more, and the startup test runs on what comes now. */
  restart(detail: string): void {
    this.discardAll();
    this.#failTaps(detail);
    this.#monitor.rerun(this.#clock.monotonicMilliseconds());
  }

  /** Samples go to this tap from the next one on, and no longer to conditioning where it takes all. */
  addTap(tap: PumpTap): void {
    this.#closeWindow();
    this.#taps.push(tap);
  }

  /** Until a burst fits into the budget again: a source that is opened anew may begin with one. */
  budgetMilliseconds(): number {
    return this.#budget.fullInMilliseconds(this.#clock.monotonicMilliseconds());
  }

  /** Takes away taps that were closed by their reader. */
  removeClosedTaps(): void {
    this.#taps = this.#taps.filter(({ isOpen }) => isOpen);
  }

  /** Overwrites all that is not in the pool yet and tells the listener to do so with the pool. */
  discardAll(): void {
    this.#live?.discarded(this.#terms.source.id);
    this.#discardHeld();
    this.#window = null;
    for (const { conditioned, block } of this.#pending) {
      conditioned.bytes.fill(0);
      this.#ledger.discardBlock(block);
    }
    this.#pending = [];
    this.#listener.discarded();
  }

  #piece(symbols: Uint8Array, now: Instant): void {
    const { id } = this.#terms.source;
    const sequence = this.#monitor.samples;
    const verdict = this.#monitor.push(symbols, now.monotonicMilliseconds);
    this.#lastSample = now;
    this.#ledger.test(id, symbols.length);
    if (verdict.discardAccumulated) this.discardAll();
    // An on-demand test or a startup leaves a hole before usableFrom: a window has none.
    if (verdict.usableFrom > 0) {
      this.#live?.broken(id);
      this.#closeWindow();
    }
    const spent = this.#divert(symbols, sequence);
    const from = Math.max(spent, verdict.usableFrom);
    this.#ledger.discard(id, from - spent);
    const usable = symbols.subarray(from);
    if (usable.length > 0) {
      // Before they are conditioned and gone: it copies what it wants.
      this.#live?.conditioned(id, usable);
      this.#accumulate(usable, sequence + from, now);
    }
    this.#listener.verdict(verdict);
  }

  /** What leaves is spent, for whoever sees it could recompute seeds. @returns how many samples, at the front */
  #divert(symbols: Uint8Array, sequence: number): number {
    this.removeClosedTaps();
    if (this.#taps.length === 0) return 0;
    let spent = this.tapped ? symbols.length : 0;
    for (const tap of this.#taps) spent = Math.max(spent, tap.deliver(symbols, sequence));
    this.removeClosedTaps();
    if (spent === 0) return 0;
    const { id } = this.#terms.source;
    this.#live?.broken(id);
    this.#closeWindow();
    this.#ledger.divert(id, spent);
    return spent;
  }

  #accumulate(symbols: Uint8Array, firstSequence: number, now: Instant): void {
    if (this.#window?.isDue(now)) this.#closeWindow();
    let from = 0;
    while (from < symbols.length) {
      this.#window ??= this.#openWindow(firstSequence + from, now);
      if (this.#window.nextSequence !== firstSequence + from) {
        throw new Error("a window would have a hole in it");
      }
      const to = Math.min(symbols.length, from + this.#window.room);
      this.#window.add(to - from, now);
      for (const block of this.#accumulator.add(symbols.subarray(from, to), this.#window)) {
        this.#keep(block, now);
      }
      if (this.#window.room === 0) this.#closeWindow();
      from = to;
    }
  }

  #openWindow(firstSequence: number, now: Instant): OpenWindow {
    const { source, configurationVersion } = this.#terms;
    return new OpenWindow(
      {
        id: this.#identifiers.window(),
        source: source.id,
        claimedEntropy: this.#claimed,
        configurationVersion,
        firmware: this.#device?.firmware ?? null,
      },
      firstSequence,
      now,
    );
  }

  #keep(conditioned: ConditionedBlock, now: Instant): void {
    const { inputBits, inputEntropy, outputBits, outputEntropy, fullEntropy, samples } =
      conditioned.arithmetic;
    const block: EntropyBlock = {
      id: this.#identifiers.block(),
      source: this.#terms.source.id,
      windows: conditioned.windows.map(({ id }) => id),
      component: this.#terms.component.name,
      inputBits,
      inputEntropy,
      outputBits,
      outputEntropy,
      fullEntropy,
      credited: this.credited,
      toMilliseconds: now.wallMilliseconds,
    };
    this.#ledger.condition(block, samples);
    this.#pending.push({ conditioned, block, lastSample: now });
  }

  /** Every pending block draws on windows up to this one, so all of them are released. */
  #closeWindow(): void {
    if (this.#window === null) return;
    this.#window.close(this.#monitor.takeMargins());
    this.#window = null;
    if (this.#pending.length === 0) return;
    const released = this.#pending.map((pending) => this.#pooled(pending));
    this.#pending = [];
    this.#listener.released(released);
  }

  #pooled({ conditioned, block, lastSample }: PendingBlock): PooledBlock {
    const { samples } = conditioned.arithmetic;
    return {
      block,
      source: block.source,
      bytes: conditioned.bytes,
      windows: conditioned.windows.map(({ record }) => {
        if (record === null) throw new Error("a block is released before its window is closed");
        return record;
      }),
      bits: block.credited ? block.outputEntropy : 0,
      compliantBits: block.credited ? this.#compliantBits(samples) : 0,
      lastSample,
    };
  }

  /** What the certificate's H makes of the same samples; never above the assessed figure. */
  #compliantBits(samples: number): number {
    const { claim, source, component } = this.#terms;
    const entropy = Math.min(claim.compliant?.entropy ?? 0, this.#claimed);
    if (entropy <= 0) return 0;
    return blockArithmetic(samples, source.bitsPerSample, entropy, component).outputEntropy;
  }

  #discardHeld(): void {
    this.#ledger.discard(this.#terms.source.id, this.#accumulator.discard());
  }

  #failTaps(detail: string): void {
    for (const tap of this.#taps) tap.fail(detail);
    // A capture over restarts outlives the sessions.
    this.removeClosedTaps();
  }
}
