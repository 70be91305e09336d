import type { KeyPurpose } from "../../port/key.ts";

const DAY_MILLISECONDS = 86_400_000;

/**
 * The longest time that a version protects, in days: defaults chosen by springhouse, the upper ends of the
 * originator-usage periods in SP 800-57 part 1 table 1, as a public copy of its edition of 2007 has them;
 * revision 5's own table was not at hand. Private signature key: 1 to 3 years. Symmetric authentication,
 * data encryption and key-wrapping key, private key-transport and static key-agreement key: at most 2.
 * ML-KEM is in no such table: it is taken for key transport.
 */
export const CRYPTOPERIOD_DAYS: Readonly<Record<KeyPurpose, number>> = {
  signature: 3 * 365,
  encryption: 2 * 365,
  mac: 2 * 365,
  wrapping: 2 * 365,
  agreement: 2 * 365,
  encapsulation: 2 * 365,
};

/** Milliseconds past the cryptoperiod; 0 or less within it. */
export function pastCryptoperiod(
  purpose: KeyPurpose,
  activatedMilliseconds: number,
  atMilliseconds: number,
): number {
  return atMilliseconds - activatedMilliseconds - CRYPTOPERIOD_DAYS[purpose] * DAY_MILLISECONDS;
}
