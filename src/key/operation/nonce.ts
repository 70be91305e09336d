import { NONCE_BYTES } from "../aes/gcm.ts";

/** 56 bits, drawn anew for each range of counters that is reserved. */
export const FIXED_FIELD_BYTES = 7;
const INVOCATION_LIMIT = 2 ** 40;

/**
 * A nonce by SP 800-38D 8.2.1, the deterministic construction: a fixed field, then the invocation
 * counter (40 bits, of which the cap of 2^32 operations leaves the top ones 0).
 *
 * The counter alone never repeats under one version: it is reserved durably before it is used. The
 * fixed field is random for each reservation, for the one case in which a counter can go back: a
 * restored copy of the database. Then nonces meet only where two fixed fields are equal (2^-56).
 *
 * @param fixedField 7 bytes
 * @param invocation number of this encryption under this version: 0 to 2^40 - 1
 * @throws RangeError outside these
 */
export function counterNonce(fixedField: Uint8Array, invocation: number): Uint8Array {
  if (fixedField.length !== FIXED_FIELD_BYTES) throw new RangeError("a fixed field has 7 bytes");
  if (!Number.isSafeInteger(invocation) || invocation < 0 || invocation >= INVOCATION_LIMIT)
    throw new RangeError("an invocation counter has 40 bits");
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.set(fixedField);
  nonce.writeUIntBE(invocation, FIXED_FIELD_BYTES, 5);
  return nonce;
}
