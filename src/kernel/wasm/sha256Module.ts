import { type Arithmetic, ConstantPool, FOUR_LANES, SCALAR } from "./arithmetic.ts";
import { at, call, countDown, get, i32, keep, simd, type ValueType } from "./code.ts";
import type { Code } from "./encoding.ts";
import { type Block, compression, compressionLocals } from "./compression.ts";
import * as Layout from "./layout.ts";
import { type WasmFunction, wasmModule } from "./module.ts";
import { INITIAL_HASH_VALUE } from "./sha256Constants.ts";

/** HMAC pads (FIPS 198-1 table 1), four bytes at a time. */
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;

/** Padding (FIPS 180-4 5.1.1) after one block of pad and a message that ends in this block. */
const WHOLE: Block = { words: 16, constants: [] };
const VALUE_BLOCK: Block = {
  words: 8,
  constants: [0x80000000, 0, 0, 0, 0, 0, 0, (64 + 32) * 8],
};
/** V || 0x00, of HMAC_DRBG_Update with Null (SP 800-90A 10.1.2.2 step 1). */
const SEPARATED_BLOCK: Block = {
  words: 8,
  constants: [0x00800000, 0, 0, 0, 0, 0, 0, (64 + 33) * 8],
};

const vectorLoad = (address: Code, bytes: number): Code => [
  ...address,
  ...simd(0x00, ...at(4, bytes)),
];
const vectorStore = (bytes: number): Code => simd(0x0b, ...at(0, bytes));
const shuffle = (lanes: readonly number[]): Code => simd(0x0d, ...lanes);
/** Each word's bytes the other way round. */
const SWAP: Code = [
  ...simd(0x0c, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12),
  ...simd(0x0e),
];

const addressOf = (local: number, bytes: number): Code => [
  ...get(local),
  ...i32.const(bytes),
  0x6a,
];

const addresses = (count: number): readonly ValueType[] => Array<ValueType>(count).fill("i32");

/** The functions' numbers, in the order in which the module has them. */
const COMPRESS = 0;
const COMPRESS_VALUE = 1;
const COMPRESS_SEPARATED = 2;
const COMPRESS_FOUR = 3;
const REKEY = 4;

function compressing(word: Arithmetic, pool: ConstantPool, block: Block): WasmFunction {
  return {
    parameters: addresses(3),
    results: [],
    locals: compressionLocals(word),
    isInternal: true,
    body: compression(word, pool, block, { state: 0, block: 1, result: 2, first: 3 }),
  };
}

/** HMAC of what `first` takes: the inner hash into DIGEST, the outer into `result`. */
const hmac = (context: number, first: number, result: Code): Code => [
  ...addressOf(context, Layout.INNER),
  ...addressOf(context, Layout.VALUE),
  ...i32.const(Layout.DIGEST),
  ...call(first),
  ...addressOf(context, Layout.OUTER),
  ...i32.const(Layout.DIGEST),
  ...result,
  ...call(COMPRESS_VALUE),
];

/** V = HMAC(K, V). */
const nextValue = (context: number): Code =>
  hmac(context, COMPRESS_VALUE, addressOf(context, Layout.VALUE));

/** One padded key block and what it makes of the initial hash value. */
const pad = (context: number, word: number, result: number): Code => [
  ...[0, 16].flatMap((bytes) => [
    ...i32.const(Layout.BLOCK),
    ...vectorLoad(get(context), Layout.KEY + bytes),
    ...i32.const(word),
    ...simd(0x11),
    ...simd(0x51),
    ...vectorStore(bytes),
  ]),
  ...[32, 48].flatMap((bytes) => [
    ...i32.const(Layout.BLOCK),
    ...i32.const(word),
    ...simd(0x11),
    ...vectorStore(bytes),
  ]),
  ...i32.const(Layout.INITIAL),
  ...i32.const(Layout.BLOCK),
  ...addressOf(context, result),
  ...call(COMPRESS),
];

/** The inner and outer hash values of K. */
const rekey: WasmFunction = {
  isInternal: true,
  parameters: addresses(1),
  results: [],
  locals: [],
  body: [...pad(0, INNER_PAD, Layout.INNER), ...pad(0, OUTER_PAD, Layout.OUTER)],
};

/** `absorb(state, bytes)`: one block of 64 bytes. */
const absorb: WasmFunction = {
  parameters: addresses(2),
  results: [],
  locals: [],
  body: [
    ...[0, 16, 32, 48].flatMap((bytes) => [
      ...i32.const(Layout.BLOCK),
      ...get(1),
      ...simd(0x00, ...at(0, bytes)),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
    ...get(0),
    ...i32.const(Layout.BLOCK),
    ...get(0),
    ...call(COMPRESS),
  ],
};

/** `finish(context)`: the outer hash of the inner one in STATE, as bytes in RESULT. */
const finish: WasmFunction = {
  parameters: addresses(1),
  results: [],
  locals: [],
  body: [
    ...addressOf(0, Layout.OUTER),
    ...i32.const(Layout.STATE),
    ...i32.const(Layout.DIGEST),
    ...call(COMPRESS_VALUE),
    ...[0, 16].flatMap((bytes) => [
      ...i32.const(Layout.RESULT),
      ...vectorLoad(i32.const(Layout.DIGEST), bytes),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
  ],
};

/** `next(context)`: V = HMAC(K, V). */
const next: WasmFunction = {
  parameters: addresses(1),
  results: [],
  locals: [],
  body: nextValue(0),
};

/** `chain(context, out, count)`: V = HMAC(K, V) and V to the output, again and again. */
const chain: WasmFunction = {
  parameters: addresses(3),
  results: [],
  locals: [],
  body: countDown(2, [
    ...nextValue(0),
    ...[0, 16].flatMap((bytes) => [
      ...get(1),
      ...vectorLoad(get(0), Layout.VALUE + bytes),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
    ...addressOf(1, 32),
    ...keep(1),
  ]),
};

/** `updateWithNull(context)`: SP 800-90A 10.1.2.2 without provided data. */
const updateWithNull: WasmFunction = {
  parameters: addresses(1),
  results: [],
  locals: [],
  body: [
    // Step 1.
    ...hmac(0, COMPRESS_SEPARATED, addressOf(0, Layout.KEY)),
    ...get(0),
    ...call(REKEY),
    // Step 2.
    ...nextValue(0),
  ],
};

/** Of each word of each lane, its address in the lane's context and side by side with the others. */
const places = (field: number, fours: number): (readonly [context: number, four: number])[] =>
  Array.from({ length: 8 * Layout.LANES }, (_, n) => {
    const [lane, word] = [n >> 3, n & 7];
    const context = Layout.CONTEXTS + lane * Layout.CONTEXT_BYTES + field + 4 * word;
    return [context, fours + 16 * word + 4 * lane];
  });

const copyWord = (from: number, to: number): Code => [
  ...i32.const(to),
  ...i32.const(from),
  0x28,
  ...at(2, 0),
  0x36,
  ...at(2, 0),
];

const gather = (field: number, fours: number): Code =>
  places(field, fours).flatMap(([context, four]) => copyWord(context, four));

const scatter = (fours: number, field: number): Code =>
  places(field, fours).flatMap(([context, four]) => copyWord(four, context));

const words = (...numbers: number[]): number[] =>
  numbers.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]);

/** Four words of each lane, from side by side to in a row, as bytes to the output. */
function transpose(half: number, output: number, firstLocal: number): Code {
  const load = (i: number): Code => vectorLoad(i32.const(Layout.FOUR_VALUE), 16 * (4 * half + i));
  const low = shuffle(words(0, 4, 1, 5));
  const high = shuffle(words(2, 6, 3, 7));
  const pairs = [
    [...load(0), ...load(1), ...low],
    [...load(2), ...load(3), ...low],
    [...load(0), ...load(1), ...high],
    [...load(2), ...load(3), ...high],
  ].flatMap((pair, i) => [...pair, ...keep(firstLocal + i)]);
  const lanes = [0, 1, 2, 3].flatMap((lane) => [
    ...get(output),
    ...get(firstLocal + (lane & 2)),
    ...get(firstLocal + (lane & 2) + 1),
    ...shuffle(lane % 2 === 0 ? words(0, 1, 4, 5) : words(2, 3, 6, 7)),
    ...SWAP,
    ...vectorStore(lane * Layout.LANE_OUTPUT_BYTES + 16 * half),
  ]);
  return [...pairs, ...lanes];
}

const compressFour = (state: number, block: number, result: number): Code => [
  ...i32.const(state),
  ...i32.const(block),
  ...i32.const(result),
  ...call(COMPRESS_FOUR),
];

/** `chainFour(out, count)`: `chain` in the four contexts at once, each to its quarter of the output. */
const chainFour: WasmFunction = {
  parameters: addresses(2),
  results: [],
  locals: ["v128", "v128", "v128", "v128"],
  body: [
    ...gather(Layout.INNER, Layout.FOUR_INNER),
    ...gather(Layout.OUTER, Layout.FOUR_OUTER),
    ...gather(Layout.VALUE, Layout.FOUR_VALUE),
    ...countDown(1, [
      ...compressFour(Layout.FOUR_INNER, Layout.FOUR_VALUE, Layout.FOUR_DIGEST),
      ...compressFour(Layout.FOUR_OUTER, Layout.FOUR_DIGEST, Layout.FOUR_VALUE),
      ...transpose(0, 0, 2),
      ...transpose(1, 0, 2),
      ...addressOf(0, 32),
      ...keep(0),
    ]),
    ...scatter(Layout.FOUR_VALUE, Layout.VALUE),
  ],
};

/** The kernel's module, as `sha256Wasm.ts` keeps it. */
export function sha256Module(): Uint8Array<ArrayBuffer> {
  const pool = new ConstantPool();
  // In the order of their numbers.
  const functions = {
    compress: compressing(SCALAR, pool, WHOLE),
    compressValue: compressing(SCALAR, pool, VALUE_BLOCK),
    compressSeparated: compressing(SCALAR, pool, SEPARATED_BLOCK),
    compressFour: compressing(FOUR_LANES, pool, VALUE_BLOCK),
    rekey,
    absorb,
    finish,
    next,
    chain,
    updateWithNull,
    chainFour,
  };
  const data = new Uint8Array(Layout.INITIAL + 32);
  data.set(pool.bytes, Layout.POOL);
  data.set(new Uint8Array(Int32Array.from(INITIAL_HASH_VALUE).buffer), Layout.INITIAL);
  return wasmModule(functions, Layout.PAGES, { address: 0, bytes: data });
}
