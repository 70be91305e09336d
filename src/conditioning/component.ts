/** A vetted conditioning component (SP 800-90B 3.1.5.1.1) with its sizes. Pure: no state between calls. */
export interface ConditioningComponent {
  /** As it stands in blocks, status and receipts: `HMAC-SHA-512`. */
  readonly name: string;
  /** n_out. */
  readonly outputBits: number;
  /** nw, SP 800-90B table 1: for HMAC the hash's output size. */
  readonly narrowestWidthBits: number;
  /** h_in that gives full entropy: n_out + 64 (SP 800-90C 3.2.2.2). */
  readonly requiredInputEntropyBits: number;
  /**
   * @param packedInput the samples' bits, packed by `packSymbols`; the caller overwrites it
   * @returns n_out bits in a fresh array that belongs to the caller
   */
  condition(packedInput: Uint8Array): Uint8Array;
}
