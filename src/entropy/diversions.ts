import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { GlimpseReader, RestartOrder, RestartTap, Tap } from "../port/service.ts";
import type { DeviceDescription, NoiseSource } from "../port/source.ts";
import { Glimpse, GLIMPSE_MILLISECONDS, GLIMPSE_SAMPLES } from "./glimpse.ts";
import { type OnDemandTest, TEST_RUNNING } from "./onDemandTest.ts";
import type { Presence } from "./presence.ts";
import type { Pump } from "./pump.ts";
import { RestartChannel, restartOrderFault } from "./restartChannel.ts";
import type { Sessions } from "./sessions.ts";
import type { SourceEvents } from "./sourceEvents.ts";
import type { Standing } from "./standing.ts";
import { TapChannel } from "./tap.ts";

/** The rest of the station. */
export interface DiversionTerms {
  readonly source: Pick<NoiseSource, "id" | "kind" | "bitsPerSample" | "settleBytes">;
  readonly clock: Clock;
  readonly pump: Pump;
  readonly presence: Presence;
  readonly sessions: Sessions;
  readonly standing: Standing;
  readonly test: OnDemandTest;
  readonly events: SourceEvents;
}

/**
 * What is taken out of the way to conditioning, and told to have been: taps, a glimpse, a capture over
 * restarts. Which may be open beside which is decided here.
 */
export class Diversions {
  readonly #terms: DiversionTerms;
  #restarts: RestartChannel | null = null;
  #glimpse: Glimpse | null = null;

  constructor(terms: DiversionTerms) {
    this.#terms = terms;
  }

  /** A capture over restarts is under way. */
  get restarting(): boolean {
    return this.#restarts !== null;
  }

  /** @param samples null: until it is closed */
  tap(samples: number | null, actor: string): Tap | Refusal {
    if (samples !== null && !(Number.isSafeInteger(samples) && samples > 0)) {
      return refuse("invalid_parameter", "count is a whole number of samples above 0");
    }
    const { pump } = this.#terms;
    if (this.restarting) return UNDER_RESTARTS;
    if (pump.device === null) return this.#terms.standing.refusal();
    const firstSequence = pump.nextSequence;
    const tap = this.#channel(samples, actor, { firstSequence });
    pump.addTap(tap);
    this.#opened("samples are diverted", { firstSequence, samples }, actor);
    return tap;
  }

  glimpse(actor: string, reader: GlimpseReader): { close(): void } | Refusal {
    const { pump, clock } = this.#terms;
    if (this.restarting) return UNDER_RESTARTS;
    if (pump.device === null) return this.#terms.standing.refusal();
    if (this.#glimpse !== null)
      return refuse("conflict", "samples of this source are being shown to somebody already");
    const glimpse = new Glimpse(clock, reader);
    this.#glimpse = glimpse;
    pump.addTap(glimpse);
    const firstSequence = pump.nextSequence;
    const terms = { firstSequence, samples: GLIMPSE_SAMPLES, milliseconds: GLIMPSE_MILLISECONDS };
    this.#opened("a few samples are diverted again and again, to be looked at", terms, actor);
    return {
      close: () => {
        if (this.#glimpse !== glimpse) return;
        this.#glimpse = null;
        glimpse.close();
        this.#closed("nobody looks any more", { firstSequence }, actor);
      },
    };
  }

  /** SP 800-90B 3.1.4: the first samples after each of many restarts. */
  restarts(order: RestartOrder, actor: string): RestartTap | Refusal {
    const refusal = this.#mayRestart(order);
    if (refusal !== null) return refusal;
    const { restarts, samplesPerRestart } = order;
    const { pump, source } = this.#terms;
    const { settleBytes } = source;
    const data = {
      firstSequence: pump.nextSequence,
      restarts,
      samplesPerRestart,
      settleBytes,
    };
    const tap = this.#channel(restarts * samplesPerRestart, actor, data, () => {
      this.#restarts = null;
    });
    this.#restarts = new RestartChannel(tap, samplesPerRestart, () => this.#reopen());
    // From here on nothing of this source is conditioned.
    pump.addTap(this.#restarts);
    this.#opened("it is opened again and again, and its samples are diverted", data, actor);
    this.#reopen();
    return Object.assign(tap, { restart: "reopen" as const, settleBytes });
  }

  /** A session's device was opened: of a capture over restarts, the next row begins. */
  deviceOpened(device: DeviceDescription): void {
    this.#restarts?.begin(device);
  }

  /** A capture over restarts fails, where there is one. */
  abandonRestarts(detail: string): void {
    this.#restarts?.abandon(detail);
  }

  #mayRestart(order: RestartOrder): Refusal | null {
    const { source, pump, sessions, standing, test } = this.#terms;
    const fault = restartOrderFault(order);
    if (fault !== null) return refuse("invalid_parameter", fault);
    if (source.kind === "recording")
      return refuse("conflict", "a recording gives the same samples whenever it is opened");
    if (this.restarting) return UNDER_RESTARTS;
    if (pump.device === null || !sessions.running) return standing.refusal();
    if (pump.tapped) return refuse("conflict", "a tap is open, and would be cut off by a restart");
    return test.running ? TEST_RUNNING : null;
  }

  #reopen(): void {
    this.#terms.presence.reopening();
    this.#terms.sessions.endOne();
  }

  #channel(
    samples: number | null,
    actor: string,
    data: { readonly firstSequence: number },
    onClosed: () => void = () => {},
  ): TapChannel {
    const { source, pump } = this.#terms;
    return new TapChannel({
      source: source.id,
      bitsPerSample: source.bitsPerSample,
      device: pump.device,
      firstSequence: data.firstSequence,
      samples,
      onClosed: (detail) => {
        onClosed();
        this.#closed(detail, data, actor);
      },
    });
  }

  #opened(detail: string, data: Readonly<Record<string, number | null>>, actor: string): void {
    this.#terms.events.tell("tap_opened", "info", detail, data, actor);
  }

  #closed(detail: string, data: Readonly<Record<string, number>>, actor: string): void {
    this.#terms.pump.removeClosedTaps();
    this.#terms.events.tell("tap_closed", "info", detail, data, actor);
  }
}

export const UNDER_RESTARTS: Refusal = refuse(
  "conflict",
  "a capture over restarts of this source is under way",
);
