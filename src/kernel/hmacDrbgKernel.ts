/**
 * K and V of HMAC_DRBG and what is done to them (SP 800-90A r1 10.1.2); neither limits nor counters
 * are here.
 */
export interface HmacDrbgKernel {
  /** Output length of the hash in bytes: of K, of V and of one step of `output`. */
  readonly outputBytes: number;
  /** HMAC_DRBG_Instantiate_algorithm (10.1.2.3), steps 2. and 3: K = 0x00..., V = 0x01... */
  initialise(): void;
  /** HMAC_DRBG_Update (10.1.2.2), with provided_data in its parts; without a byte it is Null. */
  update(...providedData: readonly Uint8Array[]): void;
  /** HMAC_DRBG_Generate_algorithm (10.1.2.5), steps 3. to 5: V = HMAC(K, V) until `out` is full. */
  output(out: Uint8Array): void;
  /** Copies, for the known-answer tests. */
  readKey(): Uint8Array;
  readValue(): Uint8Array;
  /** Overwrites K, V and what is derived from K; best effort. */
  zeroise(): void;
}
