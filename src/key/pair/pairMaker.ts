import type { PairType } from "../derive/derivePair.ts";
import type { TestedPair } from "./makePair.ts";

/** Where pairs are made and tested. */
export interface PairMaker {
  /**
   * @param seed overwritten, or handed over; of no use to the caller afterwards, who overwrites it where
   *   nothing was made
   * @param signal gives it up while it waits for its turn
   * @throws the signal's reason; Error where it could not be made; its text holds nothing of the key
   */
  make(type: PairType, seed: Uint8Array, signal?: AbortSignal): Promise<TestedPair>;
}
