/**
 * exp(-2 pi i k / count) for k below `wanted`, real and imaginary parts in turn. Each is a product of
 * two out of short tables, so that there are about 2 sqrt(count) sines and not `count`.
 */
function rootsOfUnity(count: number, wanted = count): Float64Array {
  const roots = new Float64Array(2 * wanted);
  const coarse = Math.max(1, Math.ceil(Math.sqrt(wanted)));
  const angle = (-2 * Math.PI) / count;
  const fine = new Float64Array(2 * coarse);
  for (let k = 0; k < coarse; k++) {
    fine[2 * k] = Math.cos(angle * k);
    fine[2 * k + 1] = Math.sin(angle * k);
  }
  for (let base = 0; base < wanted; base += coarse) {
    const real = Math.cos(angle * base);
    const imaginary = Math.sin(angle * base);
    const end = Math.min(2 * coarse, 2 * (wanted - base));
    for (let k = 0; k < end; k += 2) {
      const fineReal = fine[k]!;
      const fineImaginary = fine[k + 1]!;
      roots[2 * base + k] = real * fineReal - imaginary * fineImaginary;
      roots[2 * base + k + 1] = real * fineImaginary + imaginary * fineReal;
    }
  }
  return roots;
}

/** One pass of a transform: what to read, what to write, and the shape of it. */
interface Pass {
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly roots: Float64Array;
  /** Length of the transforms that this pass splits, over its radix. */
  readonly groups: number;
  /** How many of them lie side by side. */
  readonly stride: number;
}

function passOfTwo({ from, to, roots, groups, stride }: Pass): void {
  const half = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * stride;
    const wr = roots[root]!;
    const wi = roots[root + 1]!;
    let read = root;
    let write = 2 * root;
    for (const end = read + 2 * stride; read < end; read += 2, write += 2) {
      const ar = from[read]!;
      const ai = from[read + 1]!;
      const br = from[read + half]!;
      const bi = from[read + half + 1]!;
      to[write] = ar + br;
      to[write + 1] = ai + bi;
      const one = write + 2 * stride;
      to[one] = (ar - br) * wr - (ai - bi) * wi;
      to[one + 1] = (ar - br) * wi + (ai - bi) * wr;
    }
  }
}

function passOfThree({ from, to, roots, groups, stride }: Pass): void {
  const third = 2 * groups * stride;
  const sine = Math.sqrt(3) / 2;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * stride;
    const [w1r, w1i] = [roots[root]!, roots[root + 1]!];
    const [w2r, w2i] = [roots[2 * root]!, roots[2 * root + 1]!];
    let read = root;
    let write = 3 * root;
    for (const end = read + 2 * stride; read < end; read += 2, write += 2) {
      const ar = from[read]!;
      const ai = from[read + 1]!;
      const br = from[read + third]!;
      const bi = from[read + third + 1]!;
      const cr = from[read + 2 * third]!;
      const ci = from[read + 2 * third + 1]!;
      const mr = ar - 0.5 * (br + cr);
      const mi = ai - 0.5 * (bi + ci);
      const sr = sine * (bi - ci);
      const si = sine * (cr - br);
      to[write] = ar + br + cr;
      to[write + 1] = ai + bi + ci;
      const one = write + 2 * stride;
      to[one] = (mr + sr) * w1r - (mi + si) * w1i;
      to[one + 1] = (mr + sr) * w1i + (mi + si) * w1r;
      const two = one + 2 * stride;
      to[two] = (mr - sr) * w2r - (mi - si) * w2i;
      to[two + 1] = (mr - sr) * w2i + (mi - si) * w2r;
    }
  }
}

function passOfFour({ from, to, roots, groups, stride }: Pass): void {
  const quarter = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * stride;
    const w1r = roots[root]!;
    const w1i = roots[root + 1]!;
    const w2r = roots[2 * root]!;
    const w2i = roots[2 * root + 1]!;
    const w3r = roots[3 * root]!;
    const w3i = roots[3 * root + 1]!;
    let read = root;
    let write = 4 * root;
    for (const end = read + 2 * stride; read < end; read += 2, write += 2) {
      const ar = from[read]!;
      const ai = from[read + 1]!;
      const br = from[read + quarter]!;
      const bi = from[read + quarter + 1]!;
      const cr = from[read + 2 * quarter]!;
      const ci = from[read + 2 * quarter + 1]!;
      const dr = from[read + 3 * quarter]!;
      const di = from[read + 3 * quarter + 1]!;
      const pr = ar + cr;
      const pi = ai + ci;
      const qr = br + dr;
      const qi = bi + di;
      const mr = ar - cr;
      const mi = ai - ci;
      // -i (b - d)
      const nr = bi - di;
      const ni = dr - br;
      to[write] = pr + qr;
      to[write + 1] = pi + qi;
      const one = write + 2 * stride;
      to[one] = (mr + nr) * w1r - (mi + ni) * w1i;
      to[one + 1] = (mr + nr) * w1i + (mi + ni) * w1r;
      const two = one + 2 * stride;
      to[two] = (pr - qr) * w2r - (pi - qi) * w2i;
      to[two + 1] = (pr - qr) * w2i + (pi - qi) * w2r;
      const three = two + 2 * stride;
      to[three] = (mr - nr) * w3r - (mi - ni) * w3i;
      to[three + 1] = (mr - nr) * w3i + (mi - ni) * w3r;
    }
  }
}

const COS_1 = Math.cos((2 * Math.PI) / 5);
const COS_2 = Math.cos((4 * Math.PI) / 5);
const SIN_1 = Math.sin((2 * Math.PI) / 5);
const SIN_2 = Math.sin((4 * Math.PI) / 5);

function passOfFive({ from, to, roots, groups, stride }: Pass): void {
  const fifth = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * stride;
    const w1r = roots[root]!;
    const w1i = roots[root + 1]!;
    const w2r = roots[2 * root]!;
    const w2i = roots[2 * root + 1]!;
    const w3r = roots[3 * root]!;
    const w3i = roots[3 * root + 1]!;
    const w4r = roots[4 * root]!;
    const w4i = roots[4 * root + 1]!;
    let read = root;
    let write = 5 * root;
    for (const end = read + 2 * stride; read < end; read += 2, write += 2) {
      const ar = from[read]!;
      const ai = from[read + 1]!;
      const br = from[read + fifth]!;
      const bi = from[read + fifth + 1]!;
      const cr = from[read + 2 * fifth]!;
      const ci = from[read + 2 * fifth + 1]!;
      const dr = from[read + 3 * fifth]!;
      const di = from[read + 3 * fifth + 1]!;
      const er = from[read + 4 * fifth]!;
      const ei = from[read + 4 * fifth + 1]!;
      const sumOuterR = br + er;
      const sumOuterI = bi + ei;
      const sumInnerR = cr + dr;
      const sumInnerI = ci + di;
      const outerR = br - er;
      const outerI = bi - ei;
      const innerR = cr - dr;
      const innerI = ci - di;
      const m1r = ar + COS_1 * sumOuterR + COS_2 * sumInnerR;
      const m1i = ai + COS_1 * sumOuterI + COS_2 * sumInnerI;
      const m2r = ar + COS_2 * sumOuterR + COS_1 * sumInnerR;
      const m2i = ai + COS_2 * sumOuterI + COS_1 * sumInnerI;
      // -i times the sines.
      const n1r = SIN_1 * outerI + SIN_2 * innerI;
      const n1i = -SIN_1 * outerR - SIN_2 * innerR;
      const n2r = SIN_2 * outerI - SIN_1 * innerI;
      const n2i = -SIN_2 * outerR + SIN_1 * innerR;
      to[write] = ar + sumOuterR + sumInnerR;
      to[write + 1] = ai + sumOuterI + sumInnerI;
      const one = write + 2 * stride;
      to[one] = (m1r + n1r) * w1r - (m1i + n1i) * w1i;
      to[one + 1] = (m1r + n1r) * w1i + (m1i + n1i) * w1r;
      const two = one + 2 * stride;
      to[two] = (m2r + n2r) * w2r - (m2i + n2i) * w2i;
      to[two + 1] = (m2r + n2r) * w2i + (m2i + n2i) * w2r;
      const three = two + 2 * stride;
      to[three] = (m2r - n2r) * w3r - (m2i - n2i) * w3i;
      to[three + 1] = (m2r - n2r) * w3i + (m2i - n2i) * w3r;
      const four = three + 2 * stride;
      to[four] = (m1r - n1r) * w4r - (m1i - n1i) * w4i;
      to[four + 1] = (m1r - n1r) * w4i + (m1i - n1i) * w4r;
    }
  }
}

const PASSES = [
  [5, passOfFive],
  [4, passOfFour],
  [3, passOfThree],
  [2, passOfTwo],
] as const;

/** What is left of a number without its factors 2, 3 and 5. */
function unsmoothPart(count: number): number {
  let rest = count;
  for (const prime of [2, 3, 5]) while (rest % prime === 0) rest /= prime;
  return rest;
}

/** Stockham's transform, which leaves its values in order; for lengths of factors 2, 3 and 5 only. */
function smoothTransform(values: Float64Array): Float64Array {
  const count = values.length / 2;
  const roots = rootsOfUnity(count);
  let from = values;
  let to: Float64Array = new Float64Array(values.length);
  let stride = 1;
  for (const [radix, pass] of PASSES) {
    while ((count / stride) % radix === 0) {
      pass({ from, to, roots, groups: count / stride / radix, stride });
      [from, to] = [to, from];
      stride *= radix;
    }
  }
  return from;
}

/** Bluestein's way to any length: a convolution with a chirp, in transforms of a length that is easy. */
function chirpTransform(values: Float64Array): Float64Array {
  const count = values.length / 2;
  const padded = 2 ** Math.ceil(Math.log2(2 * count - 1));
  const chirps = rootsOfUnity(2 * count);
  const input = new Float64Array(2 * padded);
  const filter = new Float64Array(2 * padded);
  for (let k = 0; k < count; k++) {
    // exp(-pi i k^2 / count); k^2 stays exact below 2^53.
    const root = 2 * ((k * k) % (2 * count));
    const wr = chirps[root]!;
    const wi = chirps[root + 1]!;
    input[2 * k] = values[2 * k]! * wr - values[2 * k + 1]! * wi;
    input[2 * k + 1] = values[2 * k]! * wi + values[2 * k + 1]! * wr;
    const mirrored = k === 0 ? 0 : padded - k;
    filter[2 * k] = filter[2 * mirrored] = wr;
    filter[2 * k + 1] = filter[2 * mirrored + 1] = -wi;
  }
  const first = smoothTransform(input);
  const second = smoothTransform(filter);
  for (let at = 0; at < first.length; at += 2) {
    const real = first[at]! * second[at]! - first[at + 1]! * second[at + 1]!;
    // Conjugated, so that the next transform is the inverse (but for the padded length).
    first[at + 1] = -(first[at]! * second[at + 1]! + first[at + 1]! * second[at]!);
    first[at] = real;
  }
  const convolved = smoothTransform(first);
  const output = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    const root = 2 * ((k * k) % (2 * count));
    const real = convolved[2 * k]! / padded;
    const imaginary = -convolved[2 * k + 1]! / padded;
    output[2 * k] = real * chirps[root]! - imaginary * chirps[root + 1]!;
    output[2 * k + 1] = real * chirps[root + 1]! + imaginary * chirps[root]!;
  }
  return output;
}

/**
 * The discrete Fourier transform, sum of x_j exp(-2 pi i j k / count), of any length.
 * @param values real and imaginary parts in turn; overwritten
 */
export function transform(values: Float64Array): Float64Array {
  return unsmoothPart(values.length / 2) === 1 ? smoothTransform(values) : chirpTransform(values);
}

/**
 * |X_k|^2 of a real sequence for k below half its length (rounded down): of an even length by a
 * complex transform of half the length.
 * @param values overwritten
 */
export function powerSpectrum(values: Float64Array): Float64Array {
  const { length } = values;
  const half = Math.floor(length / 2);
  const power = new Float64Array(half);
  if (length % 2 === 1) {
    const complex = new Float64Array(2 * length);
    for (let at = 0; at < length; at++) complex[2 * at] = values[at]!;
    const spectrum = transform(complex);
    for (let k = 0; k < half; k++) power[k] = spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2;
    return power;
  }
  if (half === 0) return power;
  // The even and the odd values as real and imaginary parts.
  const spectrum = transform(values);
  const roots = rootsOfUnity(length, half);
  for (let k = 0; k < half; k++) {
    const mirrored = k === 0 ? 0 : half - k;
    const ar = spectrum[2 * k]!;
    const ai = spectrum[2 * k + 1]!;
    const br = spectrum[2 * mirrored]!;
    const bi = -spectrum[2 * mirrored + 1]!;
    // The even values' transform is (a + b) / 2, the odd ones' -i (a - b) / 2.
    const oddR = (ai - bi) / 2;
    const oddI = (br - ar) / 2;
    const real = (ar + br) / 2 + oddR * roots[2 * k]! - oddI * roots[2 * k + 1]!;
    const imaginary = (ai + bi) / 2 + oddR * roots[2 * k + 1]! + oddI * roots[2 * k]!;
    power[k] = real * real + imaginary * imaginary;
  }
  return power;
}
