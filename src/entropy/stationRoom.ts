import type { Clock } from "../port/clock.ts";
import type { Observer } from "../port/event.ts";
import type { HealthMemory } from "../port/healthMemory.ts";
import type { LiveEstimation } from "../port/liveEstimate.ts";
import type { Identifiers } from "./identifiers.ts";
import type { Ledger } from "./ledger.ts";
import type { Pool } from "./pool.ts";

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
