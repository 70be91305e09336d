/*
 * As much of the WebAssembly binary format (core specification 2.0, section 5) as the kernel's
 * generator needs: functions without a result, over one memory.
 */

/** Instructions as they stand in the binary. */
export type Code = readonly number[];

/** Value types (5.3.1, 5.3.2). */
export const I32 = 0x7f;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof V128;

/** LEB128 without sign (5.2.2). */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** LEB128 with sign, of 32 bits (5.2.2). */
export function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

/** A name (5.2.4), a vector of items (5.1.3) and a section (5.5.2). */
export const text = (name: string): Code => {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
};

export const vector = (items: readonly Code[]): Code => [
  ...unsigned(items.length),
  ...items.flat(),
];

export const section = (id: number, content: Code): Code => [
  id,
  ...unsigned(content.length),
  ...content,
];

/** Control and variable instructions (5.4.1, 5.4.3); a SIMD instruction has the prefix 0xfd (5.4.8). */
export const localGet = (index: number): Code => [0x20, ...unsigned(index)];
export const localSet = (index: number): Code => [0x21, ...unsigned(index)];
export const i32Const = (value: number): Code => [0x41, ...signed(value)];
export const call = (index: number): Code => [0x10, ...unsigned(index)];
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
  ...localGet(times),
  ...i32Const(1),
  0x6b,
  0x22,
  ...unsigned(times),
  0x0d,
  0x00,
  0x0b,
];

export interface WasmFunction {
  /** Exported under this name; null when only others of the module call it. */
  readonly name: string | null;
  /** How many i32 parameters; nothing is returned. */
  readonly parameters: number;
  readonly locals: readonly (readonly [count: number, type: ValueType])[];
  readonly body: Code;
}

export interface DataSegment {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The module: the functions in their order, a memory of `pages` of 64 KiB as `memory`. */
export function assemble(
  functions: readonly WasmFunction[],
  pages: number,
  data: DataSegment,
): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }): Code => {
    const list = vector(Array.from({ length: parameters }, () => [I32]));
    return [0x60, ...list, 0x00];
  });
  const exported = [
    [...text("memory"), 0x02, 0x00],
    ...functions.flatMap(({ name }, index) =>
      name === null ? [] : [[...text(name), 0x00, ...unsigned(index)]],
    ),
  ];
  const bodies = functions.map(({ locals, body }): Code => {
    const content = [
      ...vector(locals.map(([count, type]) => [...unsigned(count), type])),
      ...body,
      0x0b,
    ];
    return [...unsigned(content.length), ...content];
  });
  return Uint8Array.from([
    0x00,
    0x61,
    0x73,
    0x6d,
    0x01,
    0x00,
    0x00,
    0x00,
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(5, vector([[0x01, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(7, vector(exported)),
    ...section(10, vector(bodies)),
    ...section(
      11,
      vector([
        [0x00, ...i32Const(data.offset), 0x0b, ...unsigned(data.bytes.length), ...data.bytes],
      ]),
    ),
  ]);
}
