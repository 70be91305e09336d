import { createCipheriv, createDecipheriv } from "node:crypto";

/*
 * RFC 3394 2.2 for many keys of 32 bytes at once, by the index method: what is sequential in it is so
 * within one key, so each of its 24 steps is one call to AES-ECB for all keys. OpenSSL's own key wrap
 * (`keyWrap.ts`) takes a cipher object a key, which for an epoch of 100,000 is most of its time; the
 * tests hold one against the other.
 */

const KEY_BYTES = 32;
const HALF_BLOCK_BYTES = 8;
export const WRAPPED_BYTES = KEY_BYTES + HALF_BLOCK_BYTES;
const SEGMENTS = KEY_BYTES / HALF_BLOCK_BYTES;
const ROUNDS = 6;
/** RFC 3394 2.2.3.1, as two words. */
const INITIAL_WORD = 0xa6a6_a6a6;

/**
 * Takes wrapped keys from one wrapping key to another.
 * @param wrapped one after the other, `WRAPPED_BYTES` each
 * @returns the same number, in the same order; or the index of one that `from` did not wrap
 */
export function rewrapKeys(
  from: Uint8Array,
  to: Uint8Array,
  wrapped: Uint8Array,
): Uint8Array | number {
  const count = wrapped.length / WRAPPED_BYTES;
  const segments = split(wrapped, count);
  const blocks = new Uint32Array(count * 4);
  try {
    const decipher = createDecipheriv("aes-256-ecb", from, null).setAutoPadding(false);
    for (let step = ROUNDS * SEGMENTS; step >= 1; step--)
      runStep(segments, ((step - 1) % SEGMENTS) + 1, blocks, (bytes) => decipher.update(bytes), {
        before: step,
        after: 0,
      });
    const check = segments[0]!;
    const wrong = check.findIndex((word) => word !== INITIAL_WORD);
    if (wrong >= 0) return wrong >> 1;
    const cipher = createCipheriv("aes-256-ecb", to, null).setAutoPadding(false);
    for (let step = 1; step <= ROUNDS * SEGMENTS; step++)
      runStep(segments, ((step - 1) % SEGMENTS) + 1, blocks, (bytes) => cipher.update(bytes), {
        before: 0,
        after: step,
      });
    return join(segments, count);
  } finally {
    for (const words of [...segments, blocks]) words.fill(0);
  }
}

/** A, R[1] ... R[4] of every key: two words each. */
function split(wrapped: Uint8Array, count: number): Uint32Array[] {
  const words = new Uint32Array(Uint8Array.from(wrapped).buffer);
  return Array.from({ length: SEGMENTS + 1 }, (_, segment) => {
    const part = new Uint32Array(count * 2);
    for (let key = 0; key < count; key++) {
      const at = key * (2 * (SEGMENTS + 1)) + 2 * segment;
      part[2 * key] = words[at]!;
      part[2 * key + 1] = words[at + 1]!;
    }
    return part;
  });
}

function join(segments: readonly Uint32Array[], count: number): Uint8Array {
  const words = new Uint32Array(count * 2 * (SEGMENTS + 1));
  for (const [segment, part] of segments.entries())
    for (let key = 0; key < count; key++) {
      const at = key * (2 * (SEGMENTS + 1)) + 2 * segment;
      words[at] = part[2 * key]!;
      words[at + 1] = part[2 * key + 1]!;
    }
  return new Uint8Array(words.buffer);
}

/** One step: A || R[i] through the cipher, and A with the step's number before or after it. */
function runStep(
  segments: readonly Uint32Array[],
  index: number,
  blocks: Uint32Array,
  cipher: (bytes: Uint8Array) => Buffer,
  number: { readonly before: number; readonly after: number },
): void {
  const [a, r] = [segments[0]!, segments[index]!];
  const [before, after] = [lastByte(number.before), lastByte(number.after)];
  for (let key = 0; key < a.length; key += 2) {
    blocks[2 * key] = a[key]!;
    blocks[2 * key + 1] = a[key + 1]! ^ before;
    blocks[2 * key + 2] = r[key]!;
    blocks[2 * key + 3] = r[key + 1]!;
  }
  const result = cipher(new Uint8Array(blocks.buffer));
  const words = new Uint32Array(result.buffer, result.byteOffset, blocks.length);
  for (let key = 0; key < a.length; key += 2) {
    a[key] = words[2 * key]!;
    a[key + 1] = words[2 * key + 1]! ^ after;
    r[key] = words[2 * key + 2]!;
    r[key + 1] = words[2 * key + 3]!;
  }
  result.fill(0);
}

/** The step's number stands in the last byte of A, whichever end of a word that is here. */
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function lastByte(number: number): number {
  return LITTLE_ENDIAN ? number << 24 : number;
}
