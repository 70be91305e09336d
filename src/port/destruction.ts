import type { KeyState } from "./key.ts";

/**
 * `scheduled`: it can be called off. `removed`: the version is destroyed and its key-encryption key gone
 * from the database; old copies open until the epoch is over. `destroyed`: it is, and there is a receipt.
 */
export const DESTRUCTION_STATES = ["scheduled", "cancelled", "removed", "destroyed"] as const;
export type DestructionState = (typeof DESTRUCTION_STATES)[number];

export interface DestructionDescription {
  /** Of the intent that custodians approved. */
  readonly id: string;
  readonly key: string;
  readonly version: number;
  readonly state: DestructionState;
  readonly requester: string;
  readonly approvers: readonly string[];
  readonly scheduledMilliseconds: number;
  /** Until then it can be called off. */
  readonly dueMilliseconds: number;
  readonly changedMilliseconds: number;
}

/** How one way to the old epoch's key ended. */
export interface EndedSlot {
  readonly slot: string;
  readonly name: string;
  readonly kind: string;
  readonly epoch: number;
  readonly assurance: "hardware" | "best-effort" | "pending";
  readonly detail: string;
}

/** What a receipt states, as canonical JSON in a signed note. */
export interface DestructionStatement {
  readonly v: 1;
  readonly deployment: string;
  readonly key: string;
  readonly version: number;
  readonly type: string;
  readonly to: KeyState;
  readonly requester: string;
  readonly approvers: readonly string[];
  /** Digest of the approved intent. */
  readonly intent: string;
  readonly scheduled: number;
  readonly completed: number;
  /** The epoch whose key wrapped it, and the one that came after. */
  readonly epochs: readonly [number, number];
  readonly slots: readonly EndedSlot[];
  /** Backups that were made since the version was born: their recipients can still open it. */
  readonly backups: readonly {
    readonly id: string;
    readonly created: number;
    readonly epoch: number;
    readonly recipients: number;
  }[];
  readonly writeAheadLogEmptied: boolean;
  /**
   * `hardware` where each slot is and no backup holds it; a single exception makes it `best-effort`.
   */
  readonly assurance: "hardware" | "best-effort";
  /** What it does not prove, in words. */
  readonly scope: string;
}

/** One file that proves a destruction to whoever has the log's public key. */
export interface DestructionReceipt {
  readonly v: 1;
  readonly kind: "destruction-receipt";
  /** C2SP signed note over the statement. */
  readonly note: string;
  /** The log's leaf, which has the statement's digest, and its inclusion proof (base64). */
  readonly entry: string;
  readonly position: number;
  readonly proof: readonly string[];
  readonly checkpoint: string;
  /** Of a log whose key was changed: the notes by which one handed over to the next, the oldest first. */
  readonly handovers?: readonly string[];
}
