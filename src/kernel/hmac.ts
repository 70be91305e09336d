/** The approved hashes that this house runs HMAC over. */
export const HASHES = ["sha256", "sha384", "sha512"] as const;
export type HashName = (typeof HASHES)[number];

/** Output length of each hash in bytes (FIPS 180-4 figure 1). */
export const HASH_OUTPUT_BYTES: Readonly<Record<HashName, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** HMAC (FIPS 198-1) under one key at a time, made for many short messages. */
export interface HmacKernel {
  readonly outputBytes: number;
  /** Replaces the key. The bytes are not kept; what is derived from them is, until the next key. */
  setKey(key: Uint8Array): void;
  /**
   * Writes the MAC of the concatenation of `parts` into `out`, without concatenating them. `out` may
   * be one of the parts.
   * @param out exactly `outputBytes` long
   * @throws RangeError when `out` has another length
   * @throws Error when no key is set
   */
  mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void;
  /** Overwrites everything that depends on the key; best effort. A key must be set before `mac`. */
  clear(): void;
}

/** @throws RangeError when `out` is not `outputBytes` long */
export function checkOutput(out: Uint8Array, outputBytes: number): void {
  if (out.length !== outputBytes) {
    throw new RangeError(`an HMAC output has ${outputBytes} bytes, not ${out.length}`);
  }
}
