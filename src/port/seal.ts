export const SLOT_KINDS = ["passphrase", "key-file"] as const;
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

/** Whether the secrets that outlive a call are kept where the system cannot write them to its swap. */
export interface LockedMemoryReport {
  /** False once a secret was to be kept that could not be locked. */
  readonly ok: boolean;
  /** Bytes of secrets that are kept now; the pages around them are locked too. */
  readonly bytes: number;
  readonly detail: string;
}
