/** The operator's word that what a source sends is unwhitened noise, with what it rests on. */
export interface Vouched {
  readonly evidence: string;
}

/** What a device description says of a source that cannot confirm its raw mode by itself. */
export function rawClaim(vouched: Vouched | undefined): {
  readonly rawConfirmed: boolean;
  readonly caveats: readonly string[];
} {
  return vouched
    ? { rawConfirmed: true, caveats: [`Raw by the operator's word: ${vouched.evidence}`] }
    : { rawConfirmed: false, caveats: ["Nothing confirms that what it sends is raw noise."] };
}
