import { type Arithmetic, ConstantPool, FOUR_LANES, SCALAR } from "./arithmetic.ts";
import {
  assemble,
  at,
  call,
  type Code,
  countDown,
  i32Const,
  localGet,
  localSet,
  simd,
  V128,
  type WasmFunction,
} from "./assembler.ts";
import { type Block, compression, compressionLocals } from "./compression.ts";
import * as Layout from "./layout.ts";
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
  ...localGet(local),
  ...i32Const(bytes),
  0x6a,
];

/** The functions' numbers, in the order in which the module has them. */
const COMPRESS = 0;
const COMPRESS_VALUE = 1;
const COMPRESS_SEPARATED = 2;
const COMPRESS_FOUR = 3;
const REKEY = 4;

function compressing(word: Arithmetic, pool: ConstantPool, block: Block): WasmFunction {
  return {
    name: null,
    parameters: 3,
    locals: [compressionLocals(word)],
    body: compression(word, pool, block, { state: 0, block: 1, result: 2, first: 3 }),
  };
}

/** HMAC of what `first` takes: the inner hash into DIGEST, the outer into `result`. */
const hmac = (context: number, first: number, result: Code): Code => [
  ...addressOf(context, Layout.INNER),
  ...addressOf(context, Layout.VALUE),
  ...i32Const(Layout.DIGEST),
  ...call(first),
  ...addressOf(context, Layout.OUTER),
  ...i32Const(Layout.DIGEST),
  ...result,
  ...call(COMPRESS_VALUE),
];

/** V = HMAC(K, V). */
const nextValue = (context: number): Code =>
  hmac(context, COMPRESS_VALUE, addressOf(context, Layout.VALUE));

/** One padded key block and what it makes of the initial hash value. */
const pad = (context: number, word: number, result: number): Code => [
  ...[0, 16].flatMap((bytes) => [
    ...i32Const(Layout.BLOCK),
    ...vectorLoad(localGet(context), Layout.KEY + bytes),
    ...i32Const(word),
    ...simd(0x11),
    ...simd(0x51),
    ...vectorStore(bytes),
  ]),
  ...[32, 48].flatMap((bytes) => [
    ...i32Const(Layout.BLOCK),
    ...i32Const(word),
    ...simd(0x11),
    ...vectorStore(bytes),
  ]),
  ...i32Const(Layout.INITIAL),
  ...i32Const(Layout.BLOCK),
  ...addressOf(context, result),
  ...call(COMPRESS),
];

/** The inner and outer hash values of K. */
const rekey: WasmFunction = {
  name: null,
  parameters: 1,
  locals: [],
  body: [...pad(0, INNER_PAD, Layout.INNER), ...pad(0, OUTER_PAD, Layout.OUTER)],
};

/** `absorb(state, bytes)`: one block of 64 bytes. */
const absorb: WasmFunction = {
  name: "absorb",
  parameters: 2,
  locals: [],
  body: [
    ...[0, 16, 32, 48].flatMap((bytes) => [
      ...i32Const(Layout.BLOCK),
      ...localGet(1),
      ...simd(0x00, ...at(0, bytes)),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
    ...localGet(0),
    ...i32Const(Layout.BLOCK),
    ...localGet(0),
    ...call(COMPRESS),
  ],
};

/** `finish(context)`: the outer hash of the inner one in STATE, as bytes in RESULT. */
const finish: WasmFunction = {
  name: "finish",
  parameters: 1,
  locals: [],
  body: [
    ...addressOf(0, Layout.OUTER),
    ...i32Const(Layout.STATE),
    ...i32Const(Layout.DIGEST),
    ...call(COMPRESS_VALUE),
    ...[0, 16].flatMap((bytes) => [
      ...i32Const(Layout.RESULT),
      ...vectorLoad(i32Const(Layout.DIGEST), bytes),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
  ],
};

/** `next(context)`: V = HMAC(K, V). */
const next: WasmFunction = {
  name: "next",
  parameters: 1,
  locals: [],
  body: nextValue(0),
};

/** `chain(context, out, count)`: V = HMAC(K, V) and V to the output, again and again. */
const chain: WasmFunction = {
  name: "chain",
  parameters: 3,
  locals: [],
  body: countDown(2, [
    ...nextValue(0),
    ...[0, 16].flatMap((bytes) => [
      ...localGet(1),
      ...vectorLoad(localGet(0), Layout.VALUE + bytes),
      ...SWAP,
      ...vectorStore(bytes),
    ]),
    ...addressOf(1, 32),
    ...localSet(1),
  ]),
};

/** `updateWithNull(context)`: SP 800-90A 10.1.2.2 without provided data. */
const updateWithNull: WasmFunction = {
  name: "updateWithNull",
  parameters: 1,
  locals: [],
  body: [
    // Step 1.
    ...hmac(0, COMPRESS_SEPARATED, addressOf(0, Layout.KEY)),
    ...localGet(0),
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
  ...i32Const(to),
  ...i32Const(from),
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
  const load = (i: number): Code => vectorLoad(i32Const(Layout.FOUR_VALUE), 16 * (4 * half + i));
  const low = shuffle(words(0, 4, 1, 5));
  const high = shuffle(words(2, 6, 3, 7));
  const pairs = [
    [...load(0), ...load(1), ...low],
    [...load(2), ...load(3), ...low],
    [...load(0), ...load(1), ...high],
    [...load(2), ...load(3), ...high],
  ].flatMap((pair, i) => [...pair, ...localSet(firstLocal + i)]);
  const lanes = [0, 1, 2, 3].flatMap((lane) => [
    ...localGet(output),
    ...localGet(firstLocal + (lane & 2)),
    ...localGet(firstLocal + (lane & 2) + 1),
    ...shuffle(lane % 2 === 0 ? words(0, 1, 4, 5) : words(2, 3, 6, 7)),
    ...SWAP,
    ...vectorStore(lane * Layout.LANE_OUTPUT_BYTES + 16 * half),
  ]);
  return [...pairs, ...lanes];
}

const compressFour = (state: number, block: number, result: number): Code => [
  ...i32Const(state),
  ...i32Const(block),
  ...i32Const(result),
  ...call(COMPRESS_FOUR),
];

/** `chainFour(out, count)`: `chain` in the four contexts at once, each to its quarter of the output. */
const chainFour: WasmFunction = {
  name: "chainFour",
  parameters: 2,
  locals: [[4, V128]],
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
      ...localSet(0),
    ]),
    ...scatter(Layout.FOUR_VALUE, Layout.VALUE),
  ],
};

/** The kernel's module, as `sha256Wasm.ts` keeps it. */
export function sha256Module(): Uint8Array<ArrayBuffer> {
  const pool = new ConstantPool();
  const functions = [
    compressing(SCALAR, pool, WHOLE),
    compressing(SCALAR, pool, VALUE_BLOCK),
    compressing(SCALAR, pool, SEPARATED_BLOCK),
    compressing(FOUR_LANES, pool, VALUE_BLOCK),
    rekey,
    absorb,
    finish,
    next,
    chain,
    updateWithNull,
    chainFour,
  ];
  const data = new Uint8Array(Layout.INITIAL + 32);
  data.set(pool.bytes, Layout.POOL);
  data.set(new Uint8Array(Int32Array.from(INITIAL_HASH_VALUE).buffer), Layout.INITIAL);
  return assemble(functions, Layout.PAGES, { offset: 0, bytes: data });
}
