import { checkOutput, HASH_OUTPUT_BYTES } from "./hmac.ts";
import type { HmacKernel } from "./hmac.ts";
import { Sha256Lanes } from "./sha256Lanes.ts";
import { INITIAL, INNER, KEY, MESSAGE, OUTER, RESULT, STATE } from "./wasm/layout.ts";

const BLOCK_BYTES = 64;
const STATE_WORDS = 8;
// FIPS 198-1 table 1: ipad and opad.
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * HMAC-SHA-256 in WebAssembly, in one lane: the hash values after the inner and outer pad are kept,
 * so a message of at most 55 bytes costs two compressions and no allocation.
 */
export class HmacWasm implements HmacKernel {
  readonly outputBytes = HASH_OUTPUT_BYTES.sha256;
  readonly #lanes: Sha256Lanes;
  readonly #context: number;
  /** Bytes of the block that is not full yet, and of all before. */
  #pendingBytes = 0;
  #messageBytes = 0;
  #keyed = false;

  constructor(lanes = new Sha256Lanes(), lane = 0) {
    this.#lanes = lanes;
    this.#context = lanes.context(lane);
  }

  setKey(key: Uint8Array): void {
    const { bytes } = this.#lanes;
    const block = new Uint8Array(BLOCK_BYTES);
    if (key.length > BLOCK_BYTES) {
      // FIPS 198-1 section 4, step 2: a key longer than a block is replaced by its hash.
      this.#begin(INITIAL, 0);
      this.#absorb(key);
      this.#endMessage();
      const hash = new DataView(bytes.buffer, STATE, 4 * STATE_WORDS);
      for (let i = 0; i < STATE_WORDS; i++)
        new DataView(block.buffer).setInt32(4 * i, hash.getInt32(4 * i, true));
    } else {
      block.set(key);
    }
    this.#pad(block, INNER_PAD, INNER);
    this.#pad(block, OUTER_PAD, OUTER);
    block.fill(0);
    this.#forgetMessage();
    this.#keyed = true;
  }

  mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    checkOutput(out, this.outputBytes);
    if (!this.#keyed) throw new Error("no key is set");
    this.#begin(this.#context + INNER, BLOCK_BYTES);
    for (const part of parts) this.#absorb(part);
    this.#endMessage();
    this.#lanes.kernel.finish(this.#context);
    this.#lanes.take(RESULT, out);
    this.#forgetMessage();
  }

  clear(): void {
    this.#lanes.bytes.fill(0, this.#context + INNER, this.#context + KEY);
    this.#forgetMessage();
    this.#keyed = false;
  }

  /** FIPS 198-1 section 4, steps 4 and 7: the hash value after a padded key. */
  #pad(key: Uint8Array, pad: number, field: number): void {
    const { bytes, kernel } = this.#lanes;
    const state = this.#context + field;
    bytes.copyWithin(state, INITIAL, INITIAL + 4 * STATE_WORDS);
    for (let i = 0; i < BLOCK_BYTES; i++) bytes[MESSAGE + i] = key[i]! ^ pad;
    kernel.absorb(state, MESSAGE);
  }

  #begin(state: number, bytesBefore: number): void {
    this.#lanes.bytes.copyWithin(STATE, state, state + 4 * STATE_WORDS);
    this.#pendingBytes = 0;
    this.#messageBytes = bytesBefore;
  }

  #absorb(part: Uint8Array): void {
    const { bytes, kernel } = this.#lanes;
    this.#messageBytes += part.length;
    for (let at = 0; at < part.length;) {
      const end = Math.min(part.length, at + BLOCK_BYTES - this.#pendingBytes);
      while (at < end) bytes[MESSAGE + this.#pendingBytes++] = part[at++]!;
      if (this.#pendingBytes < BLOCK_BYTES) return;
      kernel.absorb(STATE, MESSAGE);
      this.#pendingBytes = 0;
    }
  }

  /** FIPS 180-4 5.1.1: the padding. */
  #endMessage(): void {
    const { bytes, kernel } = this.#lanes;
    bytes[MESSAGE + this.#pendingBytes++] = 0x80;
    bytes.fill(0, MESSAGE + this.#pendingBytes, MESSAGE + BLOCK_BYTES);
    if (this.#pendingBytes > BLOCK_BYTES - 8) {
      kernel.absorb(STATE, MESSAGE);
      bytes.fill(0, MESSAGE, MESSAGE + BLOCK_BYTES);
    }
    // The length is in bits and has 64 of them; a message is below 2^50 bytes, so this is exact.
    const length = new DataView(bytes.buffer, MESSAGE + BLOCK_BYTES - 8);
    length.setUint32(0, Math.floor(this.#messageBytes / 2 ** 29));
    length.setUint32(4, this.#messageBytes << 3);
    kernel.absorb(STATE, MESSAGE);
  }

  #forgetMessage(): void {
    this.#lanes.wipeScratch();
    this.#pendingBytes = 0;
    this.#messageBytes = 0;
  }
}
