/** Wrong passphrases, over restarts. */
export interface WrongPassphrases {
  /** In a row. */
  readonly count: number;
  readonly lastMilliseconds: number;
}

export const NO_WRONG_PASSPHRASES: WrongPassphrases = { count: 0, lastMilliseconds: 0 };

/** A hand slips; a machine does not stop at three. */
const FREE = 3;
/**
 * At one try in 15 minutes an attacker with a token has 35,040 in a year, of the 2^132 passphrases
 * that `POST /v1/keys/generate` makes, and of the few thousand that people like best.
 */
const LONGEST_SECONDS = 900;

/**
 * How long until the next passphrase is looked at: 1 s after the third wrong one, then twice as long
 * each time, up to 15 minutes.
 * @param nowMilliseconds wall clock; one that went back before the last attempt begins the wait anew
 */
export function passphraseWaitSeconds(
  { count, lastMilliseconds }: WrongPassphrases,
  nowMilliseconds: number,
): number {
  if (count < FREE) return 0;
  const pause = Math.min(2 ** (count - FREE), LONGEST_SECONDS);
  const passed = Math.max(0, (nowMilliseconds - lastMilliseconds) / 1000);
  return Math.max(0, pause - passed);
}
