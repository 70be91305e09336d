/** A copy of everything, which its recipients alone can open. */
export interface BackupDescription {
  readonly id: string;
  readonly createdMilliseconds: number;
  /** The epoch whose key is in it; 0 for one without. */
  readonly epoch: number;
  readonly recipients: number;
  /** When its last byte was read; null for one that broke off. */
  readonly takenMilliseconds: number | null;
  /** When somebody last said that a drill restored it whole. */
  readonly drilledMilliseconds: number | null;
  /** When somebody said that no copy of it is left; null as long as nobody did. */
  readonly discardedMilliseconds: number | null;
}
