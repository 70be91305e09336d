import { PASSES } from "./fourierPasses.ts";

/** The roots of a short table. */
const FINE_BITS = 10;
const FINE = 2 ** FINE_BITS;

/**
 * exp(-2 pi i k / count) for k below `count` as the product of two out of short tables, so that there are
 * few sines and little memory: `fine` for k mod 1024, `coarse` for the rest. Real and imaginary parts in turn.
 */
interface RootTables {
  readonly fine: Float64Array;
  readonly coarse: Float64Array;
}

function rootTables(count: number): RootTables {
  const angle = (-2 * Math.PI) / count;
  const fine = new Float64Array(2 * FINE);
  for (let k = 0; k < FINE; k++) {
    fine[2 * k] = Math.cos(angle * k);
    fine[2 * k + 1] = Math.sin(angle * k);
  }
  const coarse = new Float64Array(2 * Math.ceil(count / FINE));
  for (let k = 0; k < coarse.length / 2; k++) {
    coarse[2 * k] = Math.cos(angle * k * FINE);
    coarse[2 * k + 1] = Math.sin(angle * k * FINE);
  }
  return { fine, coarse };
}

/** All of them, for what is so short that they stay in the cache, or reads them again and again. */
function rootsOfUnity(count: number): Float64Array {
  const { fine, coarse } = rootTables(count);
  const roots = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    const high = 2 * Math.floor(k / FINE);
    const low = 2 * (k % FINE);
    roots[2 * k] = coarse[high]! * fine[low]! - coarse[high + 1]! * fine[low + 1]!;
    roots[2 * k + 1] = coarse[high]! * fine[low + 1]! + coarse[high + 1]! * fine[low]!;
  }
  return roots;
}

/** What is left of a number without its factors 2, 3 and 5. */
function unsmoothPart(count: number): number {
  let rest = count;
  for (const prime of [2, 3, 5]) while (rest % prime === 0) rest /= prime;
  return rest;
}

/** Two arrays of a batch, which passes read and write in turn. */
interface Batch {
  readonly values: Float64Array;
  readonly spare: Float64Array;
  /** Transforms side by side: value k of transform b is at k * width + b. */
  readonly width: number;
}

/** Stockham's transform, which leaves its values in order. @returns the one of both that has the result */
function transformBatch(
  { values, spare, width }: Batch,
  count: number,
  roots: Float64Array,
): Float64Array {
  let [from, to] = [values, spare];
  let parts = 1;
  for (const [radix, pass] of PASSES) {
    while ((count / parts) % radix === 0) {
      const groups = count / parts / radix;
      pass({ from, to, roots, groups, stride: parts * width, parts });
      [from, to] = [to, from];
      parts *= radix;
    }
  }
  return from;
}

/** Up to this many complex values, 64 kB, stay in the cache from pass to pass. */
const DIRECT = 4096;
/** Transforms of a batch: 128 octets side by side, two lines of the cache. */
const WIDTH = 8;

/** For lengths of factors 2, 3 and 5 only. @param values may be overwritten */
function smoothTransform(values: Float64Array): Float64Array {
  const count = values.length / 2;
  if (count > DIRECT) return longTransform(values);
  const spare = new Float64Array(values.length);
  return transformBatch({ values, spare, width: 1 }, count, rootsOfUnity(count));
}

/**
 * A long transform as short ones of the columns and then of the rows of a matrix (Bailey's four steps), a
 * few side by side: it passes over the memory twice, and not once for each factor of its length. Steps
 * are functions of their own, since V8 compiles what is called often before it does a loop within a loop.
 * @param values row after row; overwritten
 */
function longTransform(values: Float64Array): Float64Array {
  const count = values.length / 2;
  let rows = Math.floor(Math.sqrt(count));
  while (count % rows !== 0) rows--;
  const columns = count / rows;
  const room = 2 * WIDTH * columns;
  const batch = { values: new Float64Array(room), spare: new Float64Array(room) };
  transformColumns(values, rows, columns, batch);
  const output = new Float64Array(values.length);
  const roots = rootsOfUnity(columns);
  for (let first = 0; first < rows; first += WIDTH) {
    const width = Math.min(WIDTH, rows - first);
    for (let row = 0; row < width; row++)
      spread(values, (first + row) * columns, batch.values, row, width, columns);
    const done = transformBatch({ ...batch, width }, columns, roots);
    for (let column = 0; column < columns; column++)
      copy(done, column * width, output, column * rows + first, width);
  }
  return output;
}

/** Each column's transform in its place, value k of column c times exp(-2 pi i c k / (rows * columns)). */
function transformColumns(
  values: Float64Array,
  rows: number,
  columns: number,
  batch: Omit<Batch, "width">,
): void {
  const roots = rootsOfUnity(rows);
  const tables = rootTables(rows * columns);
  for (let first = 0; first < columns; first += WIDTH) {
    const width = Math.min(WIDTH, columns - first);
    for (let row = 0; row < rows; row++)
      copy(values, row * columns + first, batch.values, row * width, width);
    const done = transformBatch({ ...batch, width }, rows, roots);
    for (let row = 0; row < rows; row++) {
      copy(done, row * width, values, row * columns + first, width);
      turn(values, row * columns + first, width, tables, row * first, row);
    }
  }
}

/** Complex values that are side by side in both. */
function copy(
  from: Float64Array,
  fromFirst: number,
  to: Float64Array,
  toFirst: number,
  count: number,
): void {
  const move = 2 * (toFirst - fromFirst);
  for (let at = 2 * fromFirst; at < 2 * (fromFirst + count); at++) to[at + move] = from[at]!;
}

/** Complex values that are side by side, to every `width`-th place. */
function spread(
  from: Float64Array,
  fromFirst: number,
  to: Float64Array,
  toFirst: number,
  width: number,
  count: number,
): void {
  let write = 2 * toFirst;
  for (let read = 2 * fromFirst; read < 2 * (fromFirst + count); read += 2, write += 2 * width) {
    to[write] = from[read]!;
    to[write + 1] = from[read + 1]!;
  }
}

/** Multiplies values that are side by side by the roots `first`, `first` + `step`, and so on. */
function turn(
  values: Float64Array,
  from: number,
  count: number,
  { fine, coarse }: RootTables,
  first: number,
  step: number,
): void {
  let root = first;
  for (let at = 2 * from; at < 2 * (from + count); at += 2, root += step) {
    const high = (root >>> FINE_BITS) << 1;
    const low = (root & (FINE - 1)) << 1;
    const wr = coarse[high]! * fine[low]! - coarse[high + 1]! * fine[low + 1]!;
    const wi = coarse[high]! * fine[low + 1]! + coarse[high + 1]! * fine[low]!;
    const real = values[at]!;
    const imaginary = values[at + 1]!;
    values[at] = real * wr - imaginary * wi;
    values[at + 1] = real * wi + imaginary * wr;
  }
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
  const tables = rootTables(length);
  for (let from = 0; from < half; from += FINE)
    untangle(spectrum, tables, power, from, Math.min(half, from + FINE));
  return power;
}

/** The powers `from` to `to` - 1 of a real sequence, from its even and odd values' transform. */
function untangle(
  spectrum: Float64Array,
  { fine, coarse }: RootTables,
  power: Float64Array,
  from: number,
  to: number,
): void {
  const half = power.length;
  for (let k = from; k < to; k++) {
    const high = (k >>> FINE_BITS) << 1;
    const low = (k & (FINE - 1)) << 1;
    const wr = coarse[high]! * fine[low]! - coarse[high + 1]! * fine[low + 1]!;
    const wi = coarse[high]! * fine[low + 1]! + coarse[high + 1]! * fine[low]!;
    const mirrored = k === 0 ? 0 : half - k;
    const ar = spectrum[2 * k]!;
    const ai = spectrum[2 * k + 1]!;
    const br = spectrum[2 * mirrored]!;
    const bi = -spectrum[2 * mirrored + 1]!;
    // The even values' transform is (a + b) / 2, the odd ones' -i (a - b) / 2.
    const oddR = (ai - bi) / 2;
    const oddI = (br - ar) / 2;
    const real = (ar + br) / 2 + oddR * wr - oddI * wi;
    const imaginary = (ai + bi) / 2 + oddR * wi + oddI * wr;
    power[k] = real * real + imaginary * imaginary;
  }
}
