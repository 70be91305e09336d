import { section, text, unsigned, vector, type Code } from "./encoding.ts";
import { i32, VALUE_TYPES, type ValueType } from "./code.ts";

/** A function by its parameters and its locals, which are numbered on from them. */
export interface WasmFunction {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly locals: readonly ValueType[];
  /** Leaves the results on the stack. */
  readonly body: Code;
  /** Only others of the module call it. */
  readonly isInternal?: boolean;
}

/** What is in the memory from the start. */
export interface DataSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

type Names = Readonly<Record<string, ValueType>>;

/**
 * A function written with names for its locals.
 * @param body is given the number of each name
 */
export function wasmFunction<Parameters extends Names, Locals extends Names>(
  parameters: Parameters,
  locals: Locals,
  results: readonly ValueType[],
  body: (local: Readonly<Record<keyof Parameters | keyof Locals, number>>) => readonly Code[],
): WasmFunction {
  const names = [...Object.keys(parameters), ...Object.keys(locals)];
  const local = Object.fromEntries(names.map((name, number) => [name, number]));
  return {
    parameters: Object.values(parameters),
    results,
    locals: Object.values(locals),
    body: body(local as Record<keyof Parameters | keyof Locals, number>).flat(),
  };
}

const sized = (octets: Code): Code => [...unsigned(octets.length), ...octets];
const types = (names: readonly ValueType[]): Code =>
  vector(names.map((name) => [VALUE_TYPES[name]]));

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const END = 0x0b;
const MEMORY = "memory";

/**
 * A module of functions over a memory of `pages` of 64 KiB, which it exports as `memory`.
 * @returns its binary format
 */
export function wasmModule(
  functions: Readonly<Record<string, WasmFunction>>,
  pages: number,
  data?: DataSegment,
): Uint8Array<ArrayBuffer> {
  const all = Object.values(functions);
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(
      1,
      vector(all.map(({ parameters, results }) => [0x60, ...types(parameters), ...types(results)])),
    ),
    ...section(3, vector(all.map((_function, type) => unsigned(type)))),
    // As large as it is for good.
    ...section(5, vector([[1, ...unsigned(pages), ...unsigned(pages)]])),
    ...section(
      7,
      vector([
        ...Object.entries(functions).flatMap(([name, { isInternal }], index) =>
          isInternal === true ? [] : [[...text(name), 0, ...unsigned(index)]],
        ),
        [...text(MEMORY), 2, 0],
      ]),
    ),
    ...section(
      10,
      vector(
        all.map(({ locals, body }) =>
          sized([...vector(locals.map((type) => [1, VALUE_TYPES[type]])), ...body, END]),
        ),
      ),
    ),
    ...(data === undefined
      ? []
      : section(11, vector([[0, ...i32.const(data.address), END, ...sized([...data.bytes])]]))),
  ]);
}
