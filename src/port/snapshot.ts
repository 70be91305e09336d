import type { DrillSnapshot } from "./drill.ts";
import type { CustodyFigures } from "./custody.ts";
import type { HealthTestName, HealthTestSnapshot, Severity, SourceState } from "./health.ts";
import type { LiveSnapshot } from "./liveEstimate.ts";
import type { KeyFigures } from "./key.ts";
import type { ReseedReason, Shape } from "./lineage.ts";
import type { DeviceDescription, SourceKind } from "./source.ts";
import type { VaultState } from "./seal.ts";

/*
 * One picture of the service, taken at once. Status, metrics, `doctor` and the command line are all
 * projections of it, so that they cannot disagree. Times are Unix milliseconds.
 */

export interface SourceSnapshot {
  readonly id: string;
  readonly kind: SourceKind;
  readonly physical: boolean;
  readonly bitsPerSample: number;
  readonly state: SourceState;
  /** Why it is not healthy: a code of the error catalogue; null when it is. */
  readonly cause: string | null;
  readonly detail: string;
  readonly remedy: string | null;
  readonly sinceMilliseconds: number;
  readonly device: DeviceDescription | null;
  /** Min-entropy per sample the health tests run at, bits. */
  readonly testedEntropy: number;
  /** What the operator assessed (0 when nothing was), with its evidence. */
  readonly assessedEntropy: number;
  readonly assessedEvidence: string | null;
  /** What a certificate allows; 0 without one. */
  readonly compliantEntropy: number;
  /** True when its blocks count in a seed's strength right now. */
  readonly credited: boolean;
  readonly tapped: boolean;
  readonly samplesTotal: number;
  readonly droppedSamplesTotal: number;
  /** Tested, and then given to a tap instead of being conditioned. */
  readonly divertedSamplesTotal: number;
  /** Tested, and then thrown away: startup, alarms, a full pool. */
  readonly discardedSamplesTotal: number;
  readonly conditionedSamplesTotal: number;
  readonly gapsTotal: number;
  readonly creditedBitsTotal: number;
  readonly lastSampleMilliseconds: number | null;
  readonly tests: readonly HealthTestSnapshot[];
  readonly alarms: readonly {
    readonly test: HealthTestName;
    readonly severity: Severity;
    readonly total: number;
  }[];
  readonly expectedFalseAlarmsPerYear: number;
  readonly poolBlocks: number;
  /** How much entropy its samples show while they come; null where that is switched off. */
  readonly live: LiveSnapshot | null;
}

export const INSTANCE_STATES = ["unseeded", "ready", "spent", "error"] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

export interface InstanceSnapshot {
  /** The door it serves, `http-2` and so on for the outlets', or `bulk.1` to `bulk.4` for the bank. */
  readonly id: string;
  readonly mechanism: string;
  readonly securityStrength: number;
  readonly state: InstanceState;
  readonly seed: string | null;
  readonly seedMilliseconds: number | null;
  readonly seedSources: number;
  readonly seedCreditedBits: number;
  readonly outputBytesSinceSeed: number;
  /** What one seed may give, and how old it may be before it must be renewed. */
  readonly outputBytesLimit: number;
  readonly seedAgeLimitMilliseconds: number;
  readonly requestsSinceSeed: number;
  readonly preparedSeeds: number;
  readonly reseeds: readonly { readonly reason: ReseedReason; readonly total: number }[];
}

/** Threads that answer requests on the service's address, the main one included. */
export interface OutletsSnapshot {
  readonly configured: number;
  readonly answering: number;
  /** Threads that ended by themselves; another came in place of each. */
  readonly lostTotal: number;
}

export interface SelfTestSnapshot {
  readonly name: string;
  readonly passed: boolean;
  readonly atMilliseconds: number;
}

/** Where the log's checkpoints are kept that we cannot take back. */
export interface WitnessSnapshot {
  readonly name: string;
  /** Leaves of the last checkpoint that it took. */
  readonly size: number;
  /** For how long it has lacked a checkpoint; 0 when it has the newest. */
  readonly lagMilliseconds: number;
  readonly failuresTotal: number;
}

/** The transparency log. */
export interface LogSnapshot {
  readonly origin: string;
  readonly verifierKey: string;
  /** Leaves that the last checkpoint covers. */
  readonly leaves: number;
  /** When the last one was signed; null where none was since the start. */
  readonly checkpointMilliseconds: number | null;
  /** For how long a durable leaf has waited for a checkpoint; 0 when none waits. */
  readonly behindMilliseconds: number;
  /** Leaves, each with its change, that the store did not take. */
  readonly failuresTotal: number;
  readonly witnesses: readonly WitnessSnapshot[];
}

/** The file system that the state directory is on. */
export interface DiskSnapshot {
  /** What the service's user may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** The database with its write-ahead log. */
  readonly databaseBytes: number;
}

/** A certificate file that `tls` names: of several certificates in it, the one that ends first. */
export interface TlsCertificateSnapshot {
  readonly file: "certificate" | "client_authority";
  readonly notAfterMilliseconds: number;
}

export interface ServiceSnapshot {
  readonly version: string;
  readonly startedMilliseconds: number;
  readonly atMilliseconds: number;
  readonly shape: Shape;
  readonly validated: boolean;
  /** Why `validated` is false, and what this construction does not claim. */
  readonly reasons: readonly string[];
  readonly ready: boolean;
  /** Why it is not ready: code and remedy of the error catalogue. */
  readonly unready: readonly {
    readonly code: string;
    /** The source that it is about, if it is about one. */
    readonly source: string | null;
    readonly detail: string;
    readonly remedy: string;
  }[];
  readonly configurationVersion: string;
  readonly quorum: {
    readonly sources: number;
    readonly withoutBest: number;
    readonly met: boolean;
    /** Sources that are healthy and credited now. */
    readonly available: number;
  };
  readonly sources: readonly SourceSnapshot[];
  readonly instances: readonly InstanceSnapshot[];
  readonly outlets: OutletsSnapshot;
  readonly selfTests: readonly SelfTestSnapshot[];
  /** The last drill of each source that was drilled. */
  readonly drills: readonly DrillSnapshot[];
  readonly store: { readonly ok: boolean; readonly detail: string };
  readonly vault: VaultState;
  readonly keys: KeyFigures;
  readonly custody: CustodyFigures;
  readonly log: LogSnapshot;
  /** Null where nothing is on disk, or it cannot be asked. */
  readonly disk: DiskSnapshot | null;
  readonly tlsCertificates: readonly TlsCertificateSnapshot[];
}
