import type { Code } from "../wasm/encoding.ts";
import { f64, get, i32, i64, set, v128, when, whilst } from "../wasm/code.ts";
import { wasmFunction, wasmModule, type WasmFunction } from "../wasm/module.ts";

/** Octets that a vector instruction takes at a time. */
export const VECTOR = 16;
/** The most symbols whose products' sums fit the lanes of 32 bits: 4 products a lane and vector. */
export const MOST_COVARIANCE = VECTOR * Math.floor(2 ** 32 / (4 * 255 * 255));
/** Symbols of a block that the excursion looks at as a whole. */
const BLOCK = 64;

const advance = (local: number, by: Code): Code => set(local, i32.add(get(local), by));
const raise = (local: number, to: Code): Code => when(i32.less(get(local), to), set(local, to));

const exchange = wasmFunction(
  { symbols: "i32", size: "i32", words: "i32", end: "i32" },
  { product: "i64", low: "i32", limit: "i32", other: "i32", last: "i32" },
  ["i32"],
  ({ symbols, size, words, end, product, low, limit, other, last }) => [
    whilst(
      i32.and(i32.less(get(words), get(end)), i32.greater(get(size), i32.const(1))),
      set(product, i64.multiply(i64.extend(i32.load(get(words))), i64.extend(get(size)))),
      advance(words, i32.const(4)),
      set(low, i32.wrap(get(product))),
      // 2^32 mod size, which is below size, so that most words need no division.
      set(limit, i32.const(0)),
      when(
        i32.less(get(low), get(size)),
        set(limit, i32.remainder(i32.subtract(i32.const(0), get(size)), get(size))),
      ),
      when(i32.atLeast(get(low), get(limit)), [
        ...advance(size, i32.const(-1)),
        ...set(
          other,
          i32.add(get(symbols), i32.wrap(i64.shiftRight(get(product), i64.const(32n)))),
        ),
        ...set(last, i32.load8(i32.add(get(symbols), get(size)))),
        ...i32.store8(i32.add(get(symbols), get(size)), i32.load8(get(other))),
        ...i32.store8(get(other), get(last)),
      ]),
    ),
    get(size),
  ],
);

/** The sum of `BLOCK` symbols: by sixteen, added in pairs to numbers of 16 bits, then of 32. */
function sumOfBlock(at: Code, lanes: number): Code {
  const pairs = [0, 1, 2, 3].map((part) => v128.addPairsU8(v128.load(at, part * VECTOR)));
  const sum = pairs.reduce((one, other) => v128.addU16(one, other));
  const parts = [0, 1, 2, 3].map((lane) => v128.laneU32(get(lanes), lane));
  return [
    ...set(lanes, v128.addPairsU16(sum)),
    ...parts.reduce((one, other) => i32.add(one, other)),
  ];
}

/**
 * A block from whose beginning on the sum cannot get further than it has been is only summed.
 * `reach`: how far a block can take it, and what rounding may.
 */
const excursion = wasmFunction(
  {
    symbols: "i32",
    length: "i32",
    low: "i32",
    step: "i32",
    mean: "f64",
    reach: "f64",
  },
  {
    at: "i32",
    end: "i32",
    sum: "i32",
    distance: "f64",
    greatest: "f64",
    lanes: "v128",
  },
  ["f64"],
  ({ symbols, length, low, step, mean, reach, at, end, sum, distance, greatest, lanes }) => {
    const distanceHere = f64.absolute(
      f64.subtract(f64.ofI32(get(sum)), f64.multiply(f64.ofI32(get(at)), get(mean))),
    );
    return [
      whilst(
        i32.less(get(at), get(length)),
        set(end, i32.add(get(at), i32.const(BLOCK))),
        when(
          i32.and(
            i32.atMost(get(end), get(length)),
            f64.atMost(f64.add(distanceHere, get(reach)), get(greatest)),
          ),
          [
            ...advance(
              sum,
              i32.add(
                i32.multiply(get(low), i32.const(BLOCK)),
                i32.multiply(get(step), sumOfBlock(i32.add(get(symbols), get(at)), lanes)),
              ),
            ),
            ...set(at, get(end)),
          ],
          [
            ...when(i32.greater(get(end), get(length)), set(end, get(length))),
            ...whilst(
              i32.less(get(at), get(end)),
              advance(
                sum,
                i32.add(
                  get(low),
                  i32.multiply(get(step), i32.load8(i32.add(get(symbols), get(at)))),
                ),
              ),
              advance(at, i32.const(1)),
              set(distance, distanceHere),
              when(f64.greater(get(distance), get(greatest)), set(greatest, get(distance))),
            ),
          ],
        ),
      ),
      get(greatest),
    ];
  },
);

/** Writes a bit for each symbol, sixteen at a time, so that there may be some behind the last. */
function signs(of: (at: Code, threshold: Code) => Code): WasmFunction {
  return wasmFunction(
    { symbols: "i32", length: "i32", threshold: "i32", bits: "i32" },
    { at: "i32" },
    [],
    ({ symbols, length, threshold, bits, at }) => [
      whilst(
        i32.less(get(at), get(length)),
        i32.store16(
          i32.add(get(bits), i32.shiftRight(get(at), i32.const(3))),
          v128.signsU8(of(i32.add(get(symbols), get(at)), get(threshold))),
        ),
        advance(at, i32.const(VECTOR)),
      ),
    ],
  );
}

const downs = signs((at) => v128.greaterU8(v128.load(at), v128.load(at, 1)));
const below = signs((at, threshold) => v128.lessU8(v128.load(at), v128.splatU8(threshold)));

/**
 * Of bits in words of 64: how many are set, how many runs there are, and the length of the longest. A run
 * is a bit that differs from the one before, or is the first, and what follows without such a change.
 */
const runs = wasmFunction(
  { bits: "i32", length: "i32" },
  {
    at: "i32",
    word: "i64",
    before: "i64",
    changes: "i64",
    valid: "i64",
    set: "i64",
    runs: "i64",
    quiet: "i32",
    longest: "i32",
    inner: "i32",
  },
  ["i32", "i32", "i32"],
  ({ bits, length, at, word, before, changes, valid, set: ones, runs: found, ...rest }) => {
    const { quiet, longest, inner } = rest;
    return [
      set(before, i64.and(i64.exclusiveOr(i64.load(get(bits)), i64.const(-1n)), i64.const(1n))),
      whilst(
        i32.less(get(at), get(length)),
        set(word, i64.load(i32.add(get(bits), i32.shiftRight(get(at), i32.const(3))))),
        set(valid, i64.const(-1n)),
        when(
          i32.less(i32.subtract(get(length), get(at)), i32.const(64)),
          set(
            valid,
            i64.subtract(
              i64.shiftLeft(i64.const(1n), i64.extend(i32.subtract(get(length), get(at)))),
              i64.const(1n),
            ),
          ),
        ),
        set(
          changes,
          i64.exclusiveOr(get(word), i64.or(i64.shiftLeft(get(word), i64.const(1n)), get(before))),
        ),
        set(before, i64.shiftRight(get(word), i64.const(63n))),
        set(ones, i64.add(get(ones), i64.countOnes(i64.and(get(word), get(valid))))),
        set(found, i64.add(get(found), i64.countOnes(i64.and(get(changes), get(valid))))),
        // What is behind the last bit goes on with no run.
        set(changes, i64.or(get(changes), i64.exclusiveOr(get(valid), i64.const(-1n)))),
        when(i64.isZero(get(changes)), advance(quiet, i32.const(64)), [
          ...raise(longest, i32.add(get(quiet), i32.wrap(i64.countTrailingZeros(get(changes))))),
          ...set(quiet, i32.wrap(i64.countLeadingZeros(get(changes)))),
          // The longest run of ones of a word is as long as it takes to shorten all to nothing.
          ...set(word, i64.exclusiveOr(get(changes), i64.const(-1n))),
          ...set(inner, i32.const(0)),
          ...whilst(
            i32.isZero(i64.isZero(get(word))),
            set(word, i64.and(get(word), i64.shiftLeft(get(word), i64.const(1n)))),
            advance(inner, i32.const(1)),
          ),
          ...raise(longest, get(inner)),
        ]),
        advance(at, i32.const(64)),
      ),
      raise(longest, get(quiet)),
      i32.wrap(get(ones)),
      i32.wrap(get(found)),
      i32.add(get(longest), i32.const(1)),
    ];
  },
);

/** `seenAt`: 256 words of zero; one more than where a symbol was seen last. */
const collisions = wasmFunction(
  { symbols: "i32", length: "i32", seenAt: "i32" },
  {
    at: "i32",
    begin: "i32",
    found: "i32",
    sum: "i32",
    greatest: "i32",
    seen: "i32",
    entry: "i32",
    size: "i32",
  },
  ["i32", "i32", "i32"],
  ({ symbols, length, seenAt, at, begin, found, sum, greatest, seen, entry, size }) => [
    whilst(
      i32.less(get(at), get(length)),
      set(
        entry,
        i32.add(get(seenAt), i32.multiply(i32.load8(i32.add(get(symbols), get(at))), i32.const(4))),
      ),
      set(seen, i32.load(get(entry))),
      advance(at, i32.const(1)),
      i32.store(get(entry), get(at)),
      when(i32.greater(get(seen), get(begin)), [
        ...set(size, i32.subtract(get(at), get(begin))),
        ...advance(sum, get(size)),
        ...advance(found, i32.const(1)),
        ...raise(greatest, get(size)),
        ...set(begin, get(at)),
      ]),
    ),
    get(found),
    get(sum),
    get(greatest),
  ],
);

/** `length`: a multiple of `VECTOR`. */
const periodicity = wasmFunction(
  { symbols: "i32", length: "i32", lag: "i32" },
  { end: "i32", equal: "i32" },
  ["i32"],
  ({ symbols, length, lag, end, equal }) => [
    set(end, i32.add(get(symbols), get(length))),
    whilst(
      i32.less(get(symbols), get(end)),
      advance(
        equal,
        i32.countOnes(
          v128.signsU8(
            v128.equalU8(v128.load(get(symbols)), v128.load(i32.add(get(symbols), get(lag)))),
          ),
        ),
      ),
      advance(symbols, i32.const(VECTOR)),
    ),
    get(equal),
  ],
);

/** `length`: a multiple of `VECTOR`, at most `MOST_COVARIANCE`. */
const covariance = wasmFunction(
  { symbols: "i32", length: "i32", lag: "i32" },
  { end: "i32", here: "v128", there: "v128", sums: "v128" },
  ["f64"],
  ({ symbols, length, lag, end, here, there, sums }) => [
    set(end, i32.add(get(symbols), get(length))),
    whilst(
      i32.less(get(symbols), get(end)),
      set(here, v128.load(get(symbols))),
      set(there, v128.load(i32.add(get(symbols), get(lag)))),
      set(
        sums,
        v128.addU32(
          get(sums),
          v128.addU32(
            v128.addPairsU16(v128.multiplyLowU8(get(here), get(there))),
            v128.addPairsU16(v128.multiplyHighU8(get(here), get(there))),
          ),
        ),
      ),
      advance(symbols, i32.const(VECTOR)),
    ),
    f64.ofI64(
      [0, 1, 2, 3]
        .map((lane) => i64.extend(v128.laneU32(get(sums), lane)))
        .reduce((one, other) => i64.add(one, other)),
    ),
  ],
);

/** Each eight octets of 0 or 1, times a number that brings what is wanted of them into the highest octet. */
function eights(factor: bigint): WasmFunction {
  return wasmFunction(
    { bits: "i32", count: "i32", into: "i32" },
    { end: "i32" },
    [],
    ({ bits, count, into, end }) => [
      set(end, i32.add(get(into), get(count))),
      whilst(
        i32.less(get(into), get(end)),
        i64.store8(
          get(into),
          i64.shiftRight(i64.multiply(i64.load(get(bits)), i64.const(factor)), i64.const(56n)),
        ),
        advance(bits, i32.const(8)),
        advance(into, i32.const(1)),
      ),
    ],
  );
}

const onesOfEights = eights(0x0101010101010101n);
const numbersOfEights = eights(0x8040201008040201n);

/** What the module exports: numbers of 32 bits, and addresses in its memory. */
export interface OrderExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  exchange(symbols: number, size: number, words: number, end: number): number;
  excursion(
    symbols: number,
    length: number,
    low: number,
    step: number,
    mean: number,
    reach: number,
  ): number;
  downs(symbols: number, length: number, unused: number, bits: number): void;
  below(symbols: number, length: number, threshold: number, bits: number): void;
  runs(bits: number, length: number): [ones: number, runs: number, longest: number];
  collisions(
    symbols: number,
    length: number,
    seenAt: number,
  ): [found: number, sum: number, greatest: number];
  periodicity(symbols: number, length: number, lag: number): number;
  covariance(symbols: number, length: number, lag: number): number;
  onesOfEights(bits: number, count: number, into: number): void;
  numbersOfEights(bits: number, count: number, into: number): void;
}

/** The block's length that `reach` is of. */
export const EXCURSION_BLOCK = BLOCK;

export function orderModule(pages: number): Uint8Array<ArrayBuffer> {
  return wasmModule(
    {
      exchange,
      excursion,
      downs,
      below,
      runs,
      collisions,
      periodicity,
      covariance,
      onesOfEights,
      numbersOfEights,
    },
    pages,
  );
}
