import { bitsOf, type Samples } from "../samples.ts";

/**
 * How a procedure ended. `repeatNeeded`: a test failed that may be repeated once on fresh data, and there
 * was not enough of that.
 */
export type Verdict = "passed" | "failed" | "repeatNeeded" | "notApplicable";

/** What AIS 31 and its successor are here. */
export const MEANING =
  "A sanity check: it finds gross defects. Passing is no evidence of entropy, and an evaluation under AIS 20/31 rests on a stochastic model of the source.";

/** Bits `from` to `to` of all that the samples have, without unpacking the rest. */
export function bitsBetween(
  { symbols, bitsPerSymbol }: Samples,
  from: number,
  to: number,
): Uint8Array {
  const first = Math.floor(from / bitsPerSymbol);
  const slice = symbols.subarray(first, Math.ceil(to / bitsPerSymbol));
  const skipped = from - first * bitsPerSymbol;
  return bitsOf({ symbols: slice, bitsPerSymbol }).subarray(skipped, skipped + to - from);
}

/**
 * The repeat rule over the failures of each round that was run.
 * @param mostToRepeat with how many failures the first round may be repeated
 */
export function verdictOf(failures: readonly number[], mostToRepeat: number): Verdict {
  const [first, second] = failures;
  if (first === undefined) return "notApplicable";
  if (first === 0) return "passed";
  if (first > mostToRepeat) return "failed";
  if (second === undefined) return "repeatNeeded";
  return second === 0 ? "passed" : "failed";
}
