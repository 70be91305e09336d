import type { ErrorCode } from "./errors.ts";
import type { KeptEvent } from "./event.ts";
import type { Door } from "./lineage.ts";
import type { Unmet } from "./seed.ts";
import type { ServiceSnapshot } from "./snapshot.ts";

/*
 * What a console's page is shown while it is open. Frames are whole pictures, so that one that was left
 * out for a slow page is not missed; but events, which come one by one.
 */

/** What one front door did since the start. */
export interface DoorFigures {
  readonly door: Door;
  readonly requests: number;
  readonly refused: number;
  readonly outputBytes: number;
}

/** What one principal drew since the start. */
export interface ClientFigures {
  /** Null: all those that are not told one by one. */
  readonly principal: string | null;
  /** Of its token; null where it has none. */
  readonly name: string | null;
  readonly requests: number;
  readonly bytes: number;
}

/** Refusals of one kind to one principal on one route, which came one after the other. */
export interface RecentRefusal {
  readonly code: ErrorCode;
  readonly meaning: string;
  /** Null where the fault is the client's: it may quote what the client sent. */
  readonly detail: string | null;
  readonly remedy: string;
  readonly unmet: readonly Unmet[];
  readonly method: string;
  readonly route: string;
  readonly principal: string | null;
  readonly count: number;
  readonly firstMilliseconds: number;
  readonly lastMilliseconds: number;
}

export interface AssessmentLine {
  readonly id: string;
  readonly suite: string;
  readonly subject: string;
  readonly state: "collecting" | "running" | "finished" | "failed" | "cancelled";
  readonly progress: string;
  readonly startedMilliseconds: number;
  readonly endedMilliseconds: number | null;
}

export interface StatusFrame {
  readonly frame: "status";
  readonly status: ServiceSnapshot;
  readonly doors: readonly DoorFigures[];
  /** Empty for those who may not read events. */
  readonly clients: readonly ClientFigures[];
  /** Newest first; empty for those who may not read events. */
  readonly refusals: readonly RecentRefusal[];
  /** Empty for those who may not read assessments. */
  readonly assessments: readonly AssessmentLine[];
}

/** In order; after a new start of the page some may come again, by the same sequence. */
export interface EventsFrame {
  readonly frame: "events";
  readonly events: readonly KeptEvent[];
}

export type LiveFrame = StatusFrame | EventsFrame;
