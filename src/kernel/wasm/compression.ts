import type { Arithmetic, ConstantPool, Three } from "./arithmetic.ts";
import { get, keep, type ValueType } from "./code.ts";
import type { Code } from "./encoding.ts";
import { ROUND_CONSTANTS } from "./sha256Constants.ts";

/** A word of the message schedule: known now, or in a local of that number. */
type Word = { readonly constant: number } | { readonly local: number };

/** What the sixteen words of a block are: words of memory, then constants. */
export interface Block {
  /** How many words come from memory; the rest is `constants`. */
  readonly words: number;
  readonly constants: readonly number[];
}

export interface CompressionLocals {
  /** Addresses: the hash value before, the block's words, where the hash value after goes. */
  readonly state: number;
  readonly block: number;
  readonly result: number;
  /** The first of 26 locals of the arithmetic's type. */
  readonly first: number;
}

export const compressionLocals = ({ type }: Arithmetic): readonly ValueType[] =>
  Array<ValueType>(26).fill(type);

const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n));
// FIPS 180-4 4.1.2: sigma 0 and 1, as two rotations and a shift; Sigma 0 and 1, as three rotations.
const SMALL: readonly [Three, Three] = [
  [7, 18, 3],
  [17, 19, 10],
];
const LARGE: readonly [Three, Three] = [
  [2, 13, 22],
  [6, 11, 25],
];

/**
 * The SHA-256 compression function (FIPS 180-4 6.2.2), all 64 rounds in a row. Of a block whose last
 * words are constants, what follows from them alone is computed here and not at every call.
 */
export function compression(
  word: Arithmetic,
  pool: ConstantPool,
  block: Block,
  locals: CompressionLocals,
): Code {
  const code: number[] = [];
  const emit = (...parts: readonly Code[]): void => parts.forEach((part) => code.push(...part));
  const { wordBytes } = word;
  const schedule = locals.first;
  const working = Array.from({ length: 8 }, (_, i) => locals.first + 16 + i);
  const sum = locals.first + 24;
  // Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)), and a round's b ^ c is the a ^ b of the round before.
  const difference = locals.first + 25;

  // Step 1: the first sixteen words of the schedule.
  const words: Word[] = Array.from({ length: 16 }, (_, t) =>
    t < block.words ? { local: schedule + t } : { constant: block.constants[t - block.words]! },
  );
  for (let t = 0; t < block.words; t++)
    emit(word.load(locals.block, t * wordBytes), keep(schedule + t));
  // Step 2.
  for (let i = 0; i < 8; i++) emit(word.load(locals.state, i * wordBytes), keep(working[i]!));
  emit(get(working[1]!), get(working[2]!), word.xor, keep(difference));

  // Step 3.
  for (let t = 0; t < 64; t++) {
    if (t >= 16) words[t & 15] = extend(t);
    const [a, b, , d, e, f, g, h] = working as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const scheduled = words[t & 15]!;
    // T1 = h + Sigma1(e) + Ch(e, f, g) + K + W
    emit(get(h));
    if ("constant" in scheduled) {
      emit(word.constant(ROUND_CONSTANTS[t]! + scheduled.constant, pool), word.add);
    } else {
      emit(word.constant(ROUND_CONSTANTS[t]!, pool), get(scheduled.local), word.add, word.add);
    }
    emit(word.choose(e, f, g), word.add, word.rotations(e, LARGE[1]), word.add, keep(sum));
    // d becomes e, h becomes a; the names move instead of the values.
    emit(get(d), get(sum), word.add, keep(d));
    emit(get(a), get(b), word.xor, keep(h));
    // h holds a ^ b for the moment.
    emit(get(sum));
    emit(get(h), get(difference), word.and, get(b), word.xor, word.add);
    emit(word.rotations(a, LARGE[0]), word.add);
    emit(get(h), keep(difference), keep(h));
    working.unshift(working.pop()!);
  }
  // Step 4.
  for (let i = 0; i < 8; i++)
    emit(
      get(locals.result),
      [...word.load(locals.state, i * wordBytes), ...get(working[i]!), ...word.add],
      word.store(i * wordBytes),
    );
  return code;

  function smallSigma(local: number, [first, second, shift]: Three): Code {
    return [
      ...word.rotateRight(local, first),
      ...word.rotateRight(local, second),
      ...word.xor,
      ...word.shiftRight(local, shift),
      ...word.xor,
    ];
  }

  /** W of round t: sigma1(W[t-2]) + W[t-7] + sigma0(W[t-15]) + W[t-16], into W[t-16]'s local. */
  function extend(t: number): Word {
    let constant = 0;
    const terms: Code[] = [];
    const take = (source: Word, small: Three | null): void => {
      if ("local" in source) {
        terms.push(small === null ? get(source.local) : smallSigma(source.local, small));
      } else if (small === null) constant += source.constant;
      else {
        const x = source.constant;
        constant += rotr(x, small[0]) ^ rotr(x, small[1]) ^ (x >>> small[2]);
      }
      constant |= 0;
    };
    take(words[(t - 16) & 15]!, null);
    take(words[(t - 15) & 15]!, SMALL[0]);
    take(words[(t - 7) & 15]!, null);
    take(words[(t - 2) & 15]!, SMALL[1]);
    if (terms.length === 0) return { constant };
    if (constant !== 0) terms.push(word.constant(constant, pool));
    const local = schedule + (t & 15);
    emit(...terms.map((term, i) => (i === 0 ? term : [...term, ...word.add])), keep(local));
    return { local };
  }
}
