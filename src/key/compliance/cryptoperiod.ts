import type { KeyPurpose } from "../../port/key.ts";

const DAY_MILLISECONDS = 86_400_000;

/**
 * The longest time that a version protects, in days: SP 800-57 part 1 r5 table 1 and section 5.3.6, the
 * upper end of what it recommends. Private signature key (type 1): 1 to 3 years. Symmetric data
 * encryption (5) and symmetric authentication (3): an originator-usage period of up to 2 years. Key
 * wrapping (6): up to 2 years. Key agreement and key transport, static (12 to 17): 1 to 2 years.
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
