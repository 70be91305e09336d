export const SLOT_KINDS = ["passphrase", "key-file", "pkcs11", "tpm2"] as const;
export type SlotKind = (typeof SLOT_KINDS)[number];

/** One way to open the vault, without anything that helps to do it. */
export interface SlotDescription {
  /** `slot-` and 16 hex digits. */
  readonly id: string;
  readonly kind: SlotKind;
  readonly name: string;
  /** What stands behind it, by its name in the configuration; null for what somebody knows. */
  readonly place: string | null;
  /** The epoch whose key it keeps. */
  readonly epoch: number;
  readonly createdMilliseconds: number;
  /** Never tried but with the leave of custodians, given for this one opening. */
  readonly recovery: boolean;
}

/** Where kept keys are, and whether they can be used. */
export interface VaultState {
  /** False before the first epoch: there is nothing to open yet. */
  readonly initialised: boolean;
  readonly sealed: boolean;
  /** Why it is sealed; null when it is not. */
  readonly cause: string | null;
  /** The epoch that is live, and would be in use if it were open; null before the first. */
  readonly epoch: number | null;
  readonly slots: readonly SlotDescription[];
  /** Openings that came to nothing since the start. */
  readonly refusedTotal: number;
  readonly lockedMemory: LockedMemoryReport;
}

/** How a slot's part in an epoch ended, for a receipt. */
export interface RetiredSlot {
  readonly slot: string;
  readonly name: string;
  readonly kind: SlotKind;
  readonly epoch: number;
  /**
   * `hardware`: a device that holds to its specification opens it no more, not even with a copy of
   * everything. `best-effort`: what was stored is gone, but a copy of it would still open. `pending`:
   * the device could not be reached, and is tried again.
   */
  readonly assurance: "hardware" | "best-effort" | "pending";
  readonly detail: string;
}

/** What a rotation of the epoch came to. */
export interface Rotation {
  readonly epoch: number;
  readonly from: number;
  /** Key versions that were taken over. */
  readonly materials: number;
  /** Each slot's part in the old epoch, and older ones that were still to be ended. */
  readonly retired: readonly RetiredSlot[];
  /** False where a reader of the database kept it from being emptied. */
  readonly writeAheadLogEmptied: boolean;
}

/** Whether the secrets that outlive a call are kept where the system cannot write them to its swap. */
export interface LockedMemoryReport {
  /** False once a secret was to be kept that could not be locked. */
  readonly ok: boolean;
  /** Bytes of secrets that are kept now; the pages around them are locked too. */
  readonly bytes: number;
  readonly detail: string;
}
