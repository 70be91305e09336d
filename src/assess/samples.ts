/** What every suite takes: raw samples as a source gives them, one a byte, right-justified. */
export interface Samples {
  readonly symbols: Uint8Array;
  /** 1 to 8; every symbol is below 2^this. */
  readonly bitsPerSymbol: number;
}

/**
 * The samples as single bits, 0 or 1 a byte, each symbol's most significant bit first: the bitstring
 * of SP 800-90B 3.1.3.
 */
export function bitsOf({ symbols, bitsPerSymbol }: Samples): Uint8Array {
  if (bitsPerSymbol === 1) return symbols;
  const bits = new Uint8Array(symbols.length * bitsPerSymbol);
  let at = 0;
  for (const symbol of symbols)
    for (let shift = bitsPerSymbol - 1; shift >= 0; shift--) bits[at++] = (symbol >>> shift) & 1;
  return bits;
}
