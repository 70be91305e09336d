import { existsSync, readFileSync } from "node:fs";

const FILE = new URL("../../../../shared/vectors/sts_e_vectors.json", import.meta.url).pathname;
/** The vectors stand beside the checkout; without them there is nothing to compare with. */
export const hasVectors = existsSync(FILE);

export const vectorsOfE = (): Readonly<Record<string, number>> =>
  (JSON.parse(readFileSync(FILE, "utf8")) as { p_values: Record<string, number> }).p_values;

/** Bits of text: "0110". */
export const bitsOfText = (text: string): Uint8Array => Uint8Array.from(text, Number);

/** The first `count` bits of e, those of its integer part (10) first. */
export function bitsOfE(count: number): Uint8Array {
  // e = 1 + sum 1/k! = 1 + p(0, K) / q(0, K) by binary splitting; 1/K! is below 2^-(count + 64).
  let last = 1;
  for (let log = 0; log < count + 64; last++) log += Math.log2(last);
  const split = (from: number, to: number): [bigint, bigint] => {
    if (to - from === 1) return [1n, BigInt(to)];
    const middle = (from + to) >> 1;
    const [leftP, leftQ] = split(from, middle);
    const [rightP, rightQ] = split(middle, to);
    return [leftP * rightQ + rightP, leftQ * rightQ];
  };
  const [p, q] = split(0, last);
  const digits = (((p + q) << BigInt(count + 30)) / q).toString(2);
  return bitsOfText(digits.slice(0, count));
}

/** The first `count` bits of xorshift128: a generator that needs no library and passes. */
export function noiseBits(seed: number, count: number): Uint8Array {
  let [x, y, z, w] = [seed ^ 0x12345678, 362436069, 521288629, 88675123];
  const bits = new Uint8Array(count);
  for (let at = 0; at < count; at += 32) {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    for (let bit = 0; bit < 32 && at + bit < count; bit++) bits[at + bit] = (w >>> bit) & 1;
  }
  return bits;
}
