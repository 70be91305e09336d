import type { Samples } from "../samples.ts";

/** Samples of one segment; a power of two. */
const SEGMENT = 1024;

export interface Spectrum {
  /** Of the frequencies 1/1024 to 511/1024 of the sampling rate, in parts of the mean. */
  readonly power: Float64Array;
  /** That it was averaged over. */
  readonly segments: number;
}

/**
 * The power spectrum by averaged periodograms of segments (Bartlett's method), as parts of the mean:
 * white noise lies about 1 everywhere.
 * @returns null for fewer than 1024 samples, or where nothing varies
 */
export function spectrum({ symbols }: Samples): Spectrum | null {
  const segments = Math.floor(symbols.length / SEGMENT);
  if (segments === 0) return null;
  const power = new Float64Array(SEGMENT / 2 - 1);
  const real = new Float64Array(SEGMENT);
  const imaginary = new Float64Array(SEGMENT);
  for (let segment = 0; segment < segments; segment++) {
    let sum = 0;
    for (let at = 0; at < SEGMENT; at++) sum += symbols[segment * SEGMENT + at]!;
    const mean = sum / SEGMENT;
    for (let at = 0; at < SEGMENT; at++) real[at] = symbols[segment * SEGMENT + at]! - mean;
    imaginary.fill(0);
    transform(real, imaginary);
    for (let bin = 0; bin < power.length; bin++)
      power[bin]! += real[bin + 1]! ** 2 + imaginary[bin + 1]! ** 2;
  }
  let total = 0;
  for (const value of power) total += value;
  if (total === 0) return null;
  return { power: power.map((value) => (value * power.length) / total), segments };
}

/** The discrete Fourier transform in place, radix 2 (Cooley and Tukey 1965); a power of two of values. */
export function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let at = 1, mirrored = 0; at < size; at++) {
    let bit = size >> 1;
    for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
    if (at >= mirrored) continue;
    [real[at], real[mirrored]] = [real[mirrored]!, real[at]!];
    [imaginary[at], imaginary[mirrored]] = [imaginary[mirrored]!, imaginary[at]!];
  }
  for (let half = 1; half < size; half <<= 1)
    for (let turn = 0; turn < half; turn++) {
      const angle = (-Math.PI * turn) / half;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      for (let low = turn; low < size; low += 2 * half) {
        const high = low + half;
        const re = real[high]! * cosine - imaginary[high]! * sine;
        const im = real[high]! * sine + imaginary[high]! * cosine;
        real[high] = real[low]! - re;
        imaginary[high] = imaginary[low]! - im;
        real[low]! += re;
        imaginary[low]! += im;
      }
    }
}
