/** Sizes and entropy of one call of a conditioning component, all in bits. */
export interface Conditioning {
  readonly inputBits: number;
  readonly outputBits: number;
  /** nw: the narrowest internal width (SP 800-90B table 1). */
  readonly narrowestWidthBits: number;
  readonly inputEntropy: number;
}

function check({ inputBits, outputBits, narrowestWidthBits, inputEntropy }: Conditioning): void {
  for (const bits of [inputBits, outputBits, narrowestWidthBits]) {
    if (!Number.isSafeInteger(bits) || bits < 1)
      throw new RangeError(`${bits} is no width in bits`);
  }
  if (!(inputEntropy > 0 && inputEntropy <= inputBits)) {
    throw new RangeError(`input entropy ${inputEntropy} is not in (0, ${inputBits}]`);
  }
}

/** n = min(n_out, nw, n_in); the n_in term is appendix E's and NIST's tool's. */
function effectiveWidth({ inputBits, outputBits, narrowestWidthBits }: Conditioning): number {
  return Math.min(outputBits, narrowestWidthBits, inputBits);
}

/**
 * log2 of 2^n max(psi, omega): what is missing from n bits.
 *
 * SP 800-90B 3.1.5.1.2 with P_hi = 2^-h and P_lo = (1 - P_hi)/(2^n_in - 1), written so that nothing
 * overflows and the tiny differences survive. With e = (2^-n_in - 2^-h)/(1 - 2^-n_in):
 *   2^n psi   = 1 + e + 2^(n - h)
 *   2^n omega = (1 + s)(1 + e),  s = sqrt(2 n ln 2) 2^-((n_in - n)/2)
 */
function log2Shortfall(conditioning: Conditioning): number {
  const { inputBits, inputEntropy } = conditioning;
  const n = effectiveWidth(conditioning);
  const e = (2 ** -inputBits - 2 ** -inputEntropy) / -Math.expm1(-inputBits * Math.LN2);
  const a = n - inputEntropy;
  const psi =
    a > 0 ? a + Math.log1p(2 ** -a * (1 + e)) / Math.LN2 : Math.log1p(2 ** a + e) / Math.LN2;
  const s = Math.sqrt(2 * n * Math.LN2) * 2 ** (-(inputBits - n) / 2);
  const omega = Math.log1p(s + e + s * e) / Math.LN2;
  return Math.max(psi, omega);
}

/**
 * Output_Entropy(n_in, n_out, nw, h_in) of SP 800-90B 3.1.5.1.2: bits of min-entropy in the output
 * of a vetted component; never above what went in, nor above n_out.
 * @throws RangeError when a width is not a positive integer or the entropy not in (0, n_in]
 */
export function outputEntropy(conditioning: Conditioning): number {
  check(conditioning);
  const h = effectiveWidth(conditioning) - log2Shortfall(conditioning);
  return Math.max(0, Math.min(h, conditioning.inputEntropy, conditioning.outputBits));
}

/**
 * SP 800-90B 3.1.5.2: the same for a component that is not on the vetted list. It never gives full
 * entropy.
 * @param entropyPerOutputBit h', estimated from at least 10^6 bits of conditioned output, 0 to 1
 */
export function outputEntropyNonVetted(
  conditioning: Conditioning,
  entropyPerOutputBit: number,
): number {
  if (!(entropyPerOutputBit >= 0 && entropyPerOutputBit <= 1)) {
    throw new RangeError(`h' = ${entropyPerOutputBit} is not in [0, 1]`);
  }
  return Math.min(
    outputEntropy(conditioning),
    0.999 * conditioning.outputBits,
    entropyPerOutputBit * conditioning.outputBits,
  );
}

/**
 * -log2(epsilon) where h_out = (1 - epsilon) n_out. A double holds no h_out closer to n_out than
 * 2^-45, so this is computed by itself. Full entropy means at least 32 (SP 800-90C).
 */
export function negativeLog2Epsilon(conditioning: Conditioning): number {
  check(conditioning);
  const { outputBits } = conditioning;
  const missing = outputBits - effectiveWidth(conditioning) + log2Shortfall(conditioning);
  return missing <= 0 ? Infinity : -Math.log2(missing / outputBits);
}
