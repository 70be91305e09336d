import { makePair } from "../../src/key/pair/makePair.ts";
import type { PairMaker } from "../../src/key/pair/pairMaker.ts";

/** In the thread of whoever asks: for a world whose time is not the clock's, and for traps set in it. */
export const pairsInThisThread: PairMaker = {
  make: async (type, seed) => makePair(type, seed),
};
