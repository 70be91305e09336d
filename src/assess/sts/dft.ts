import { powerSpectrum } from "../special/fourier.ts";
import { erfc } from "../special/gamma.ts";
import type { BitSequence } from "./bitSequence.ts";
import { tooFewBits, type StsOutcome } from "./outcome.ts";

/**
 * SP 800-22 r1a 2.6, the discrete Fourier transform (spectral) test.
 * @param minimumBits 1000 by 2.6.7
 */
export function dft({ bits, length }: BitSequence, minimumBits = 1000): StsOutcome {
  if (length < minimumBits || length < 2) return tooFewBits("dft", length, minimumBits);
  const values = new Float64Array(length);
  for (let at = 0; at < length; at++) values[at] = 2 * bits[at]! - 1;
  const power = powerSpectrum(values);
  // T^2, T = sqrt(n ln(1 / 0.05)); the program's 2.995732274 is ln 20 in ten digits.
  const threshold = length * Math.log(20);
  let below = 0;
  for (let k = 0; k < power.length; k++) if (power[k]! < threshold) below++;
  // N0 = 0.95 n / 2; d = (N1 - N0) / sqrt(0.95 * 0.05 n / 4).
  const statistic = (below - (0.95 * length) / 2) / Math.sqrt((0.95 * 0.05 * length) / 4);
  return {
    test: "dft",
    applies: true,
    parameters: { below },
    results: [{ label: "", statistic, pValue: erfc(Math.abs(statistic) / Math.SQRT2) }],
  };
}
