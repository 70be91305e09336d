/** How long a CRL and an OCSP answer are good; they are made anew at each change, and after half of it. */
export const STATUS_MILLISECONDS = 3_600_000;

export interface Signed {
  readonly der: Uint8Array;
  readonly fromMilliseconds: number;
}

export function isFresh(signed: Signed | null, nowMilliseconds: number): signed is Signed {
  return signed !== null && nowMilliseconds < signed.fromMilliseconds + STATUS_MILLISECONDS / 2;
}

/** thisUpdate and nextUpdate of what is signed now. */
export function validity(nowMilliseconds: number) {
  return {
    fromMilliseconds: nowMilliseconds,
    nextMilliseconds: nowMilliseconds + STATUS_MILLISECONDS,
  };
}
