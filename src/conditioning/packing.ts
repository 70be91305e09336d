/** Bytes that `samples` symbols of `bitsPerSample` bits take when packed. */
export function packedBytes(samples: number, bitsPerSample: number): number {
  return Math.ceil((samples * bitsPerSample) / 8);
}

/**
 * Packs symbols without gaps, most significant bit first, so that n_in is exactly
 * `symbols.length * bitsPerSample`. The last byte is filled up with zeros, which are no input: every
 * call of one source has the same number of samples, so no two inputs differ in the filling alone.
 * @param symbols one symbol a byte, right-justified
 * @param bitsPerSample 1 to 8
 * @returns a fresh array; it holds samples, so the caller overwrites it after use
 * @throws RangeError for a symbol wider than `bitsPerSample`: it would spill into its neighbour
 */
export function packSymbols(symbols: Uint8Array, bitsPerSample: number): Uint8Array {
  if (!Number.isInteger(bitsPerSample) || bitsPerSample < 1 || bitsPerSample > 8) {
    throw new RangeError(`a symbol has 1 to 8 bits, not ${bitsPerSample}`);
  }
  const packed = new Uint8Array(packedBytes(symbols.length, bitsPerSample));
  let pending = 0;
  let pendingBits = 0;
  let at = 0;
  for (const symbol of symbols) {
    if (symbol >>> bitsPerSample !== 0) {
      packed.fill(0);
      throw new RangeError(`a symbol is wider than ${bitsPerSample} bits`);
    }
    pending = (pending << bitsPerSample) | symbol;
    pendingBits += bitsPerSample;
    if (pendingBits >= 8) {
      pendingBits -= 8;
      packed[at++] = pending >>> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
  }
  if (pendingBits > 0) packed[at] = pending << (8 - pendingBits);
  return packed;
}
