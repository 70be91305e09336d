import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";

/** As long as the hash, so that nothing is learned of a value that could be guessed. */
export const SALT_BYTES = 32;

/**
 * A commitment to a value: HMAC-SHA-256 under a random salt. It goes into a leaf; the salt goes with
 * the value, to whoever may have it, who can then show that it is the one that the leaf speaks of.
 * @param domain what the value is (`key k-1 1`): a commitment to one thing opens as no other
 * @returns 64 hex digits
 */
export function commitmentTo(salt: Uint8Array, domain: string, value: Uint8Array): string {
  if (salt.length !== SALT_BYTES) throw new RangeError("a commitment's salt has 32 bytes");
  // The domain ends at the only zero byte before the value: no id holds one.
  // As an object: bare bytes are tried for one first, by a throw that costs more than the HMAC.
  return createHmac("sha256", createSecretKey(salt))
    .update(`springhouse commitment v1 ${domain}\0`)
    .update(value)
    .digest("hex");
}

/** Whether the value is the one that was committed to. */
export function opensCommitment(
  commitment: string,
  salt: Uint8Array,
  domain: string,
  value: Uint8Array,
): boolean {
  if (salt.length !== SALT_BYTES || !/^[0-9a-f]{64}$/.test(commitment)) return false;
  const expected = Buffer.from(commitmentTo(salt, domain, value), "hex");
  return timingSafeEqual(expected, Buffer.from(commitment, "hex"));
}
