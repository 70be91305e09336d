import type { PairType } from "../derive/derivePair.ts";
import type { TestedPair } from "./makePair.ts";

/*
 * What the service and a thread that makes pairs say to each other. Bytes are handed over, not copied,
 * so that each side overwrites all that it had.
 */

export interface PairOrder {
  readonly job: number;
  readonly type: PairType;
  readonly seed: Uint8Array;
}

/** Without a pair: it could not be made. */
export interface PairAnswer {
  readonly job: number;
  readonly pair: TestedPair | null;
}

/** Bytes in a buffer of their own, which can be handed over; the original is overwritten. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  bytes.fill(0);
  return copy;
}
