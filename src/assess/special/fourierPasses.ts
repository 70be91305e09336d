/** One pass of Stockham's transform: what to read, what to write, and the shape of it. */
export interface Pass {
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly roots: Float64Array;
  /** Length of the transforms that this pass splits, over its radix. */
  readonly groups: number;
  /** How many of them lie side by side: the parts of one transform, times the transforms of a batch. */
  readonly stride: number;
  /** The parts of one transform. */
  readonly parts: number;
}

function passOfTwo({ from, to, roots, groups, stride, parts }: Pass): void {
  const half = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * parts;
    const wr = roots[root]!;
    const wi = roots[root + 1]!;
    let read = 2 * group * stride;
    let write = 2 * read;
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

function passOfThree({ from, to, roots, groups, stride, parts }: Pass): void {
  const third = 2 * groups * stride;
  const sine = Math.sqrt(3) / 2;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * parts;
    const [w1r, w1i] = [roots[root]!, roots[root + 1]!];
    const [w2r, w2i] = [roots[2 * root]!, roots[2 * root + 1]!];
    let read = 2 * group * stride;
    let write = 3 * read;
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

function passOfFour({ from, to, roots, groups, stride, parts }: Pass): void {
  const quarter = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * parts;
    const w1r = roots[root]!;
    const w1i = roots[root + 1]!;
    const w2r = roots[2 * root]!;
    const w2i = roots[2 * root + 1]!;
    const w3r = roots[3 * root]!;
    const w3i = roots[3 * root + 1]!;
    let read = 2 * group * stride;
    let write = 4 * read;
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

function passOfFive({ from, to, roots, groups, stride, parts }: Pass): void {
  const fifth = 2 * groups * stride;
  for (let group = 0; group < groups; group++) {
    const root = 2 * group * parts;
    const w1r = roots[root]!;
    const w1i = roots[root + 1]!;
    const w2r = roots[2 * root]!;
    const w2i = roots[2 * root + 1]!;
    const w3r = roots[3 * root]!;
    const w3i = roots[3 * root + 1]!;
    const w4r = roots[4 * root]!;
    const w4i = roots[4 * root + 1]!;
    let read = 2 * group * stride;
    let write = 5 * read;
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

export const PASSES = [
  [5, passOfFive],
  [4, passOfFour],
  [3, passOfThree],
  [2, passOfTwo],
] as const;
