import type { Samples } from "../samples.ts";

/** What the estimators run on: symbols 0 to k - 1, every one of which occurs. */
export interface Dataset {
  readonly symbols: Uint8Array;
  /** How many different symbols there are (k of SP 800-90B 6.3). */
  readonly alphabet: number;
}

/** Which of the 256 values occur. */
function presentIn(symbols: Uint8Array): Uint8Array {
  const present = new Uint8Array(256);
  for (const symbol of symbols) present[symbol] = 1;
  return present;
}

/** How many different symbols there are, without mapping them. */
export function alphabetOf({ symbols }: Pick<Samples, "symbols">): number {
  return presentIn(symbols).reduce((sum, one) => sum + one, 0);
}

/** Maps the values that occur to 0..k-1 in increasing order (SP 800-90B 6.4, as NIST's tool does). */
export function datasetOf({ symbols }: Pick<Samples, "symbols">): Dataset {
  const present = presentIn(symbols);
  const index = new Uint8Array(256);
  let alphabet = 0;
  for (let value = 0; value < 256; value++) if (present[value] === 1) index[value] = alphabet++;
  const isWhole = index[alphabet - 1] === alphabet - 1 && present[alphabet - 1] === 1;
  return { symbols: isWhole ? symbols : symbols.map((symbol) => index[symbol]!), alphabet };
}
