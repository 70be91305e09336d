import type { DeviceDescription } from "./source.ts";
import type { KeptEvent, ServiceEvent } from "./event.ts";
import type { Refusal } from "./errors.ts";
import type { HealthTestSnapshot, SourceState } from "./health.ts";
import type { EntropyBlock, Output, OutputStory, SampleWindow, Seed } from "./lineage.ts";
import type { ServiceSnapshot } from "./snapshot.ts";

/*
 * What the front doors (api/, telemetry/, doctor/) are given by service.ts: everything that can be
 * asked of a running service but its random bytes, which are in draw.ts.
 */

/** A raw sample tap. What it yields was health-tested, and will never be conditioned. */
export interface Tap {
  readonly source: string;
  readonly bitsPerSample: number;
  readonly device: DeviceDescription | null;
  readonly firstSequence: number;
  /**
   * Consecutive samples, in order. Ends after the wanted count; rejects with a SpringhouseError
   * `conflict` on a gap or when the reader fell too far behind: it stops, it never skips.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
}

/** A tap whose samples are rows: the first samples after each restart, row after row. */
export interface RestartTap extends Tap {
  /**
   * How the source was restarted. `reopen`: its device was opened again, or its program started, and
   * nobody knows whether the noise itself began anew: no restart in the sense of SP 800-90B 3.1.4. No
   * driver has a reset of the noise source.
   */
  readonly restart: "reopen";
  /** Thrown away in the source after each open, before the first sample. */
  readonly settleBytes: number;
}

/** A restart matrix. */
export interface RestartOrder {
  readonly restarts: number;
  readonly samplesPerRestart: number;
}

export interface SourceTestReport {
  readonly source: string;
  readonly passed: boolean;
  readonly samples: number;
  readonly state: SourceState;
  readonly tests: readonly HealthTestSnapshot[];
  readonly detail: string;
}

/** Somebody who looks at samples; see `SourceControl.glimpse`. */
export interface GlimpseReader {
  /** Asked before samples are spent for it. */
  wants(): boolean;
  /** A few consecutive samples, which are the caller's: keep a copy or nothing. Never throws. */
  show(firstSequence: number, symbols: Uint8Array): void;
}

export interface SourceControl {
  /** @param samples how many to take; null for as long as the tap is open */
  tap(source: string, samples: number | null, actor: string): Tap | Refusal;
  /**
   * Shows a few samples at a time, at most 128 every 250 ms and one in sixteen, until it is closed. What
   * is shown is diverted, and only that. One at a time.
   */
  glimpse(source: string, actor: string, reader: GlimpseReader): { close(): void } | Refusal;
  /**
   * Restarts a source again and again, and takes the first samples after each (SP 800-90B 3.1.4). All
   * the while whatever it gives is diverted. Ends with a `conflict` when a session ends by itself.
   */
  restarts(source: string, order: RestartOrder, actor: string): RestartTap | Refusal;
  /** On-demand startup test (SP 800-90B 4.3 item 5) on fresh samples; they are not conditioned. */
  test(source: string, actor: string): Promise<SourceTestReport | Refusal>;
  /** Null when the source is latched, so that it can be reset. */
  mayReset(source: string): Refusal | null;
  /**
   * Takes a latched source back to `starting`; the caller has kept who asked for it and why.
   * Null when done.
   */
  reset(source: string): Refusal | null;
}

export interface EventJournal {
  /** Events with a sequence greater than `since`, oldest first, at most `limit`. */
  since(since: number, limit: number): Promise<readonly KeptEvent[]>;
  /** Live events from now on. Returns the unsubscribe. */
  subscribe(listener: (event: KeptEvent) => void): () => void;
  /** Keeps an administrative act durably before it is answered. */
  record(event: ServiceEvent): Promise<void>;
}

/** One line of `GET /v1/lineage`. */
export type LineageLine =
  | ({ readonly record: "seed" } & Seed)
  | ({ readonly record: "block" } & EntropyBlock)
  | ({ readonly record: "window" } & SampleWindow)
  | ({ readonly record: "output" } & Output)
  | {
      readonly record: "count";
      readonly seed: string;
      readonly principal: string;
      readonly door: string;
      readonly purpose: string;
      readonly requests: number;
      readonly bytes: number;
    };

export interface LineageReader {
  /** The story of `seed.counter`; undefined when no such output can have been given. */
  output(id: string): Promise<OutputStory | undefined>;
  /** Every record of the seeds with `from <= atMilliseconds < to`. */
  lines(fromMilliseconds: number, toMilliseconds: number): AsyncIterable<LineageLine>;
}

export interface Introspection {
  snapshot(): ServiceSnapshot;
}
