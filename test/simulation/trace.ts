import type { DrawRequest } from "../../src/port/draw.ts";
import type { ServiceEvent } from "../../src/port/event.ts";
import type { LineageLine } from "../../src/port/service.ts";
import type { Answer } from "./network.ts";
import type { Scenario } from "./scenario.ts";

/** One generate as it left the DRBG room, copied before anybody could overwrite it. */
export interface DrawRecord {
  readonly at: number;
  readonly request: Pick<DrawRequest, "door" | "principal" | "purpose" | "requirement">;
  readonly bytes: Buffer;
  readonly outputs: readonly string[];
  readonly seed: string;
  /** Of the stream that it belongs to; null for a single draw. */
  readonly stream: number | null;
  /**
   * Since when the world, not the service, has known that the quorum is lost, with the time that it
   * takes to notice added; null while it holds.
   */
  readonly quorumLostSince: number | null;
}

/** One request of a client and what came of it. */
export interface CallRecord {
  readonly what: string;
  readonly principal: string;
  readonly path: string;
  readonly startedAt: number;
  /** Null: still open when the simulation ended. */
  endedAt: number | null;
  answer: Answer | null;
  /** The client hung up by itself. */
  readonly left: { value: boolean };
  /** Chosen by the client, who reads slowly or waits for samples. */
  readonly takesItsTime: boolean;
}

export interface TapRecord {
  readonly device: string;
  /** Of the process that it was a tap of: sample numbers begin anew with each. */
  readonly boot: string;
  readonly call: CallRecord;
}

/** Taken once a second. */
export interface SizeRecord {
  readonly at: number;
  readonly poolBlocks: number;
  readonly preparedSeeds: number;
  readonly pendingTimers: number;
  readonly openCalls: number;
  /** Of streams: drawn and not yet read by the client. */
  readonly unreadStreamBytes: number;
}

/** Everything that a checker may look at. Times are milliseconds of the monotonic clock. */
export interface Trace {
  readonly scenario: Scenario;
  readonly principals: readonly string[];
  readonly secrets: readonly string[];
  readonly draws: DrawRecord[];
  readonly calls: CallRecord[];
  readonly taps: TapRecord[];
  readonly sizes: SizeRecord[];
  readonly events: (ServiceEvent & { readonly monotonic: number })[];
  readonly log: string[];
  readonly errors: string[];
  /** Under `boot/device`, every symbol that the device sent to that process. */
  readonly sent: Map<string, Uint8Array>;
  /** Each kill -9 that was followed by a start, with the sources that had long been failed then. */
  readonly restarts: { readonly at: number; readonly failed: readonly string[] }[];
  /** When a fault that must be told began, and for how long it lasted. */
  readonly deviceFaults: {
    readonly device: string;
    readonly what: string;
    readonly from: number;
    readonly to: number;
  }[];
  lineage: LineageLine[];
  /** Each that somebody saw, in order: a second may pass between two. */
  readonly checkpoints: string[];
  /** The log as an auditor took it away in the end: its files by path, its checkpoint, its key. */
  copy: { readonly files: ReadonlyMap<string, Buffer>; readonly checkpoint: string } | null;
  /** Of every answered id that was asked for at the end: the status of its story. */
  readonly stories: Map<string, number>;
  /** What `/readyz` and a last request gave after everything was mended. */
  recovery: { readonly ready: number; readonly drawn: number; readonly detail: string } | null;
  stopped: boolean;
}
