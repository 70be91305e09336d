import { unsigned, type Code } from "./encoding.ts";

/*
 * Instructions of WebAssembly 2.0 with their operands first: what they are given is code that leaves its
 * values on the stack. Only those that a kernel uses.
 */

/** Value types, by their octet (WebAssembly core 2.0, 5.3). */
export const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof VALUE_TYPES;

/** LEB128, signed: two's complement, up to the septet that shows the sign. */
function signed(value: bigint): number[] {
  const octets: number[] = [];
  for (; value < -0x40n || value > 0x3fn; value >>= 7n) octets.push(Number(value & 0x7fn) | 0x80);
  return [...octets, Number(value & 0x7fn)];
}

const operation =
  (...octets: readonly number[]) =>
  (...operands: readonly Code[]): Code => [...operands.flat(), ...octets];

/** Vector instructions have a prefix and a number in LEB128 (5.4.8). */
const vector = (instruction: number) => operation(0xfd, ...unsigned(instruction));

/** The alignment is a hint only: none is promised. */
const load = (...octets: readonly number[]) => {
  return (address: Code, offset = 0): Code => [...address, ...octets, 0, ...unsigned(offset)];
};
const store = (octet: number) => {
  return (address: Code, value: Code): Code => [...address, ...value, octet, 0, 0];
};

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
/** `then` and `otherwise` leave nothing on the stack. */
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  0x40,
  ...then,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];
/** A loop within a block that it leaves once the condition does not hold. */
export const whilst = (condition: Code, ...body: readonly Code[]): Code => {
  const leave = [...condition, 0x45, 0x0d, 1];
  return [0x02, 0x40, 0x03, 0x40, ...leave, ...body.flat(), 0x0c, 0, 0x0b, 0x0b];
};

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value | 0))],
  load: load(0x28),
  load8: load(0x2d),
  store: store(0x36),
  store8: store(0x3a),
  store16: store(0x3b),
  isZero: operation(0x45),
  less: operation(0x49),
  greater: operation(0x4b),
  atMost: operation(0x4d),
  atLeast: operation(0x4f),
  countOnes: operation(0x69),
  add: operation(0x6a),
  subtract: operation(0x6b),
  multiply: operation(0x6c),
  remainder: operation(0x70),
  and: operation(0x71),
  shiftRight: operation(0x76),
  wrap: operation(0xa7),
} as const;

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: load(0x29),
  store8: store(0x3c),
  isZero: operation(0x50),
  countLeadingZeros: operation(0x79),
  countTrailingZeros: operation(0x7a),
  countOnes: operation(0x7b),
  add: operation(0x7c),
  subtract: operation(0x7d),
  multiply: operation(0x7e),
  and: operation(0x83),
  or: operation(0x84),
  exclusiveOr: operation(0x85),
  shiftLeft: operation(0x86),
  shiftRight: operation(0x88),
  extend: operation(0xad),
} as const;

export const f64 = {
  atMost: operation(0x65),
  greater: operation(0x64),
  absolute: operation(0x99),
  add: operation(0xa0),
  subtract: operation(0xa1),
  multiply: operation(0xa2),
  ofI32: operation(0xb8),
  ofI64: operation(0xba),
} as const;

/** Names of lanes: u8 stands for sixteen of eight bits, and so on. */
export const v128 = {
  load: load(0xfd, 0x00),
  splatU8: vector(0x0f),
  equalU8: vector(0x23),
  lessU8: vector(0x26),
  greaterU8: vector(0x28),
  signsU8: vector(0x64),
  addPairsU8: vector(0x7d),
  addPairsU16: vector(0x7f),
  addU16: vector(0x8e),
  addU32: vector(0xae),
  multiplyLowU8: vector(0x9e),
  multiplyHighU8: vector(0x9f),
  laneU32: (of: Code, lane: number): Code => [...of, 0xfd, 0x1b, lane],
} as const;

/** Takes what is on top of the stack. */
export const keep = (local: number): Code => [0x21, ...unsigned(local)];
/** With its arguments on the stack. */
export const call = (index: number): Code => [0x10, ...unsigned(index)];
/** A vector instruction whose operands are on the stack. */
export const simd = (opcode: number, ...immediates: number[]): Code => [
  0xfd,
  ...unsigned(opcode),
  ...immediates,
];
/** A memory instruction's immediate: alignment as a power of two, and offset (5.4.6). */
export const at = (alignment: number, offset: number): Code => [
  ...unsigned(alignment),
  ...unsigned(offset),
];

/** A body that runs `times` (a local, at least 1) times; the local counts down. */
export const countDown = (times: number, body: Code): Code => [
  0x03,
  0x40,
  ...body,
  ...get(times),
  ...i32.const(1),
  0x6b,
  0x22,
  ...unsigned(times),
  0x0d,
  0x00,
  0x0b,
];
