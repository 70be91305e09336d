import { at, get, i32, simd, type ValueType } from "./code.ts";
import type { Code } from "./encoding.ts";

export type Three = readonly [number, number, number];

/**
 * Words of 32 bits as SHA-256 uses them (FIPS 180-4 3.2): one at a time, or four independent ones
 * side by side. Both have the same instructions under other numbers, so one generator writes both.
 */
export interface Arithmetic {
  readonly type: ValueType;
  /** Bytes from one word to the next in memory. */
  readonly wordBytes: number;
  readonly add: Code;
  readonly and: Code;
  readonly xor: Code;
  /** ROTR^n of a local. */
  rotateRight(local: number, bits: number): Code;
  /** ROTR^i xor ROTR^j xor ROTR^k of a local, i < j < k. */
  rotations(local: number, bits: Three): Code;
  /** SHR^n of a local. */
  shiftRight(local: number, bits: number): Code;
  /** Bitwise choice (Ch of FIPS 180-4 4.1.2): a bit of `then` where `choice` has a one. */
  choose(choice: number, then: number, otherwise: number): Code;
  /** `bytes` from the address in a local. */
  load(address: number, bytes: number): Code;
  /** After the address (a local) and the value. */
  store(bytes: number): Code;
  /** A constant that `pool` keeps a copy of, in memory. */
  constant(value: number, pool: ConstantPool): Code;
}

/** Words in memory, each once, to be had by their address. */
export class ConstantPool {
  readonly #words: number[] = [];

  /** @returns its address */
  add(word: number): number {
    const known = this.#words.indexOf(word | 0);
    return 4 * (known >= 0 ? known : this.#words.push(word | 0) - 1);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Int32Array.from(this.#words).buffer);
  }
}

/** There is no rotation of four lanes: two shifts, and or. */
const rotateLanes = (local: number, bits: number): Code => [
  ...get(local),
  ...i32.const(bits),
  ...simd(0xad),
  ...get(local),
  ...i32.const(32 - bits),
  ...simd(0xab),
  ...simd(0x50),
];

export const SCALAR: Arithmetic = {
  type: "i32",
  wordBytes: 4,
  add: [0x6a],
  and: [0x71],
  xor: [0x73],
  rotateRight: (local, bits) => [...get(local), ...i32.const(bits), 0x78],
  // ROTR^i(x ^ ROTR^(j-i)(x ^ ROTR^(k-j)(x))): one register, where three copies of x take three.
  rotations: (local, [i, j, k]) => [
    ...get(local),
    ...i32.const(k - j),
    0x78,
    ...get(local),
    0x73,
    ...i32.const(j - i),
    0x78,
    ...get(local),
    0x73,
    ...i32.const(i),
    0x78,
  ],
  shiftRight: (local, bits) => [...get(local), ...i32.const(bits), 0x76],
  // Three instructions where a choice of bits takes four.
  choose: (choice, then, otherwise) => [
    ...get(then),
    ...get(otherwise),
    0x73,
    ...get(choice),
    0x71,
    ...get(otherwise),
    0x73,
  ],
  load: (address, bytes) => [...get(address), 0x28, ...at(2, bytes)],
  store: (bytes) => [0x36, ...at(2, bytes)],
  constant: (value) => i32.const(value),
};

export const FOUR_LANES: Arithmetic = {
  type: "v128",
  wordBytes: 16,
  add: simd(0xae),
  and: simd(0x4e),
  xor: simd(0x51),
  rotateRight: rotateLanes,
  rotations: (local, [i, j, k]) => [
    ...rotateLanes(local, i),
    ...rotateLanes(local, j),
    ...simd(0x51),
    ...rotateLanes(local, k),
    ...simd(0x51),
  ],
  shiftRight: (local, bits) => [...get(local), ...i32.const(bits), ...simd(0xad)],
  choose: (choice, then, otherwise) => [
    ...get(then),
    ...get(otherwise),
    ...get(choice),
    ...simd(0x52),
  ],
  load: (address, bytes) => [...get(address), ...simd(0x00, ...at(4, bytes))],
  store: (bytes) => simd(0x0b, ...at(4, bytes)),
  // v128.load32_splat: from memory it costs no arithmetic unit, an immediate does.
  constant: (value, pool) => [...i32.const(pool.add(value)), ...simd(0x09, ...at(2, 0))],
};
