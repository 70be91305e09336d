import { BLOCK_BITS } from "../fips140/block.ts";
import { bitsOf, type Samples } from "../samples.ts";
import { basicTests, type BasicTests } from "./basicTests.ts";
import {
  disjointness,
  disjointnessSymbols,
  symbolsPerWord,
  type Disjointness,
} from "./disjointness.ts";

/** Sequences that T1 to T5 run on; with T0 there are 1 + 5 x 257 tests. */
export const SEQUENCES = 257;

/** Where a sequence of 20,000 bits comes from, in symbols behind T0's. */
interface Place {
  readonly firstSymbol: number;
  readonly symbols: number;
  /** Which bit of each symbol, 0 the most significant; null for all bits, one after the other. */
  readonly column: number | null;
}

/**
 * As BSI's reference implementation takes them: in turn one sequence of all bits, and then, of the next
 * 20,000 symbols, one for each bit of a symbol.
 */
export function placeOf(sequence: number, bitsPerSymbol: number): Place {
  const whole = Math.ceil(BLOCK_BITS / bitsPerSymbol);
  const group = Math.floor(sequence / (bitsPerSymbol + 1)) * (whole + BLOCK_BITS);
  const turn = sequence % (bitsPerSymbol + 1);
  return turn === 0
    ? { firstSymbol: group, symbols: whole, column: null }
    : { firstSymbol: group + whole, symbols: BLOCK_BITS, column: turn - 1 };
}

/** Symbols that one round of procedure A takes. */
export function neededSymbolsA(bitsPerSymbol: number): number {
  const last = placeOf(SEQUENCES - 1, bitsPerSymbol);
  return disjointnessSymbols(bitsPerSymbol) + last.firstSymbol + last.symbols;
}

/** @param firstSymbol where the round begins */
export function disjointnessAt(
  { symbols, bitsPerSymbol }: Samples,
  firstSymbol: number,
): Disjointness {
  const end = firstSymbol + disjointnessSymbols(bitsPerSymbol);
  const bits = bitsOf({ symbols: symbols.subarray(firstSymbol, end), bitsPerSymbol });
  return disjointness(bits, symbolsPerWord(bitsPerSymbol) * bitsPerSymbol);
}

/** T1 to T5 on one of the 257. @param firstSymbol where the round begins */
export function basicTestsAt(samples: Samples, firstSymbol: number, sequence: number): BasicTests {
  const { bitsPerSymbol } = samples;
  const place = placeOf(sequence, bitsPerSymbol);
  const from = firstSymbol + disjointnessSymbols(bitsPerSymbol) + place.firstSymbol;
  const symbols = samples.symbols.subarray(from, from + place.symbols);
  if (place.column === null)
    return basicTests(bitsOf({ symbols, bitsPerSymbol }).subarray(0, BLOCK_BITS));
  const shift = bitsPerSymbol - 1 - place.column;
  return basicTests(symbols.map((symbol) => (symbol >>> shift) & 1));
}
