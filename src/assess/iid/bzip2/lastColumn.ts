import type { Block } from "./decimalBlocks.ts";

const SPACE = 0;
const characterOf = (digit: string): number => digit.charCodeAt(0) - 47;

/** Where the rotations that begin within a token go, and what stands before each. */
interface Places {
  /** Those of token t are from `firsts[t]` to `firsts[t + 1]`. */
  readonly firsts: Uint32Array;
  readonly bucketOf: Uint16Array;
  readonly before: Uint8Array;
  readonly buckets: number;
}

/** A bucket holds the rotations that begin with one end of a token, its space and then another token. */
function placesOf({ texts }: Block): Places {
  const ends = new Set<string>();
  for (const text of texts)
    for (let from = 0; from <= text.length; from++) ends.add(text.slice(from));
  const bucketOfEnd = new Map([...ends].sort().map((end, bucket) => [end, bucket]));
  const firsts = new Uint32Array(texts.length + 1);
  const bucketOf: number[] = [];
  const before: number[] = [];
  for (const [token, text] of texts.entries()) {
    for (let from = 0; from <= text.length; from++) {
      bucketOf.push(bucketOfEnd.get(text.slice(from))!);
      before.push(from === 0 ? SPACE : characterOf(text[from - 1]!));
    }
    firsts[token + 1] = bucketOf.length;
  }
  return {
    firsts,
    bucketOf: Uint16Array.from(bucketOf),
    before: Uint8Array.from(before),
    buckets: ends.size,
  };
}

/**
 * The Burrows-Wheeler transform of a block, from the order of its tokens alone: the rotations that begin
 * with the same end of a token have the order of what follows it.
 * @param order the rotations of the cycle by tokens
 * @param column room for the block's characters
 */
export function lastColumn(block: Block, order: Int32Array, column: Uint8Array): Uint8Array {
  const { tokens, length, counts, characters } = block;
  const { firsts, bucketOf, before, buckets } = placesOf(block);
  const heads = new Uint32Array(buckets + 1);
  for (let token = 0; token < counts.length; token++)
    for (let place = firsts[token]!; place < firsts[token + 1]!; place++)
      heads[bucketOf[place]! + 1]! += counts[token]!;
  for (let bucket = 0; bucket < buckets; bucket++) heads[bucket + 1]! += heads[bucket]!;
  for (let index = 0; index < length; index++) {
    const at = order[index]!;
    const token = tokens[at === 0 ? length - 1 : at - 1]!;
    const end = firsts[token + 1]!;
    for (let place = firsts[token]!; place < end; place++)
      column[heads[bucketOf[place]!]!++] = before[place]!;
  }
  return column.subarray(0, characters);
}

/** The transform of a few characters, by sorting them. */
export function lastColumnOf(text: string): Uint8Array {
  const rotations = Array.from(text, (_character, from) => text.slice(from) + text.slice(0, from));
  return Uint8Array.from(rotations.sort(), (rotation) => characterOf(rotation.at(-1)!));
}
