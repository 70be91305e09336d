import { checkOutput, HASH_OUTPUT_BYTES } from "./hmac.ts";
import type { HmacKernel } from "./hmac.ts";
import { SHA256_INITIAL, sha256Compress } from "./sha256Compress.ts";

const BLOCK_BYTES = 64;
// FIPS 198-1 table 1: ipad and opad, as words.
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
// The outer message is one padded key block and one hash value: (64 + 32) * 8 bits.
const OUTER_MESSAGE_BITS = (BLOCK_BYTES + 32) * 8;

/**
 * HMAC-SHA-256 for short messages: the states after the inner and outer pad blocks are kept, so a
 * message of at most 55 bytes costs two compressions and no allocation.
 */
export class HmacSha256 implements HmacKernel {
  readonly outputBytes = HASH_OUTPUT_BYTES.sha256;
  readonly #inner = new Int32Array(8);
  readonly #outer = new Int32Array(8);
  readonly #state = new Int32Array(8);
  readonly #block = new Int32Array(16);
  /** Message bytes of the block that is not full yet. */
  readonly #pending = new Uint8Array(BLOCK_BYTES);
  #pendingBytes = 0;
  #messageBytes = 0;
  #keyed = false;

  setKey(key: Uint8Array): void {
    if (key.length > BLOCK_BYTES) {
      // FIPS 198-1 section 4, step 2: a key longer than a block is replaced by its hash.
      this.#begin(SHA256_INITIAL, 0);
      this.#absorb(key);
      this.#endMessage();
      this.#block.fill(0);
      this.#block.set(this.#state);
    } else {
      this.#pending.fill(0);
      this.#pending.set(key);
      this.#loadBlock(this.#pending, 0);
    }
    const block = this.#block;
    for (let i = 0; i < 16; i++) block[i] = block[i]! ^ INNER_PAD;
    this.#inner.set(SHA256_INITIAL);
    sha256Compress(this.#inner, block);
    for (let i = 0; i < 16; i++) block[i] = block[i]! ^ INNER_PAD ^ OUTER_PAD;
    this.#outer.set(SHA256_INITIAL);
    sha256Compress(this.#outer, block);
    this.#forgetMessage();
    this.#keyed = true;
  }

  mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    checkOutput(out, this.outputBytes);
    if (!this.#keyed) throw new Error("no key is set");
    this.#begin(this.#inner, BLOCK_BYTES);
    for (let i = 0; i < parts.length; i++) this.#absorb(parts[i]!);
    this.#endMessage();

    const block = this.#block;
    const state = this.#state;
    block.set(state);
    block[8] = 0x80000000;
    for (let i = 9; i < 15; i++) block[i] = 0;
    block[15] = OUTER_MESSAGE_BITS;
    state.set(this.#outer);
    sha256Compress(state, block);
    for (let i = 0; i < 8; i++) {
      const word = state[i]!;
      out[4 * i] = word >>> 24;
      out[4 * i + 1] = word >>> 16;
      out[4 * i + 2] = word >>> 8;
      out[4 * i + 3] = word;
    }
    this.#forgetMessage();
  }

  clear(): void {
    this.#inner.fill(0);
    this.#outer.fill(0);
    this.#forgetMessage();
    this.#keyed = false;
  }

  #begin(state: ArrayLike<number>, bytesBefore: number): void {
    this.#state.set(state);
    this.#pendingBytes = 0;
    this.#messageBytes = bytesBefore;
  }

  #absorb(part: Uint8Array): void {
    this.#messageBytes += part.length;
    let at = 0;
    if (this.#pendingBytes > 0) {
      at = Math.min(part.length, BLOCK_BYTES - this.#pendingBytes);
      this.#keep(part, 0, at);
      if (this.#pendingBytes < BLOCK_BYTES) return;
      this.#loadBlock(this.#pending, 0);
      sha256Compress(this.#state, this.#block);
      this.#pendingBytes = 0;
    }
    for (; at + BLOCK_BYTES <= part.length; at += BLOCK_BYTES) {
      this.#loadBlock(part, at);
      sha256Compress(this.#state, this.#block);
    }
    this.#keep(part, at, part.length);
  }

  /** A loop, because for a few dozen bytes `set` of a `subarray` costs more than it copies. */
  #keep(part: Uint8Array, from: number, to: number): void {
    const pending = this.#pending;
    let length = this.#pendingBytes;
    for (let i = from; i < to; i++) pending[length++] = part[i]!;
    this.#pendingBytes = length;
  }

  /** FIPS 180-4 5.1.1: the padding. */
  #endMessage(): void {
    const pending = this.#pending;
    const block = this.#block;
    pending[this.#pendingBytes] = 0x80;
    pending.fill(0, this.#pendingBytes + 1);
    this.#loadBlock(pending, 0);
    if (this.#pendingBytes >= BLOCK_BYTES - 8) {
      sha256Compress(this.#state, block);
      block.fill(0);
    }
    // The length is in bits and has 64 of them; a message is below 2^50 bytes, so this is exact.
    block[14] = Math.floor(this.#messageBytes / 2 ** 29);
    block[15] = this.#messageBytes << 3;
    sha256Compress(this.#state, block);
  }

  #loadBlock(bytes: Uint8Array, from: number): void {
    const block = this.#block;
    for (let i = 0, at = from; i < 16; i++, at += 4) {
      block[i] =
        (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
  }

  #forgetMessage(): void {
    this.#pending.fill(0);
    this.#block.fill(0);
    this.#state.fill(0);
    this.#pendingBytes = 0;
  }
}
