import { hash as hashOnce } from "node:crypto";
import { checkOutput, HASH_OUTPUT_BYTES } from "./hmac.ts";
import type { HashName, HmacKernel } from "./hmac.ts";

// FIPS 180-4 figure 1: block sizes in bytes.
const BLOCK_BYTES: Readonly<Record<HashName, number>> = { sha256: 64, sha384: 128, sha512: 128 };
// Enough for V, a separator and usual inputs; longer messages make the buffer grow.
const MESSAGE_BYTES = 512;

/**
 * HMAC over two one-shot hashes of node:crypto, with the padded key blocks kept in front of the
 * message and of the inner hash. `createHmac` fetches its algorithm and makes a native object for
 * every MAC, which costs several times the hashing of a short message (README has the figures).
 * OpenSSL's own copies are out of our reach.
 */
export class HmacNode implements HmacKernel {
  readonly outputBytes: number;
  readonly #hash: HashName;
  readonly #blockBytes: number;
  #inner: Uint8Array;
  readonly #outer: Uint8Array;
  #keyed = false;

  constructor(hash: HashName) {
    this.#hash = hash;
    this.outputBytes = HASH_OUTPUT_BYTES[hash];
    this.#blockBytes = BLOCK_BYTES[hash];
    this.#inner = new Uint8Array(this.#blockBytes + MESSAGE_BYTES);
    this.#outer = new Uint8Array(this.#blockBytes + this.outputBytes);
  }

  setKey(key: Uint8Array): void {
    const inner = this.#inner;
    inner.fill(0);
    if (key.length > this.#blockBytes) {
      // FIPS 198-1 section 4, step 2: a key longer than a block is replaced by its hash.
      const short = hashOnce(this.#hash, key, "buffer");
      inner.set(short);
      short.fill(0);
    } else {
      inner.set(key);
    }
    // FIPS 198-1 table 1: ipad and opad.
    for (let i = 0; i < this.#blockBytes; i++) {
      this.#outer[i] = inner[i]! ^ 0x5c;
      inner[i] = inner[i]! ^ 0x36;
    }
    this.#keyed = true;
  }

  mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    checkOutput(out, this.outputBytes);
    if (!this.#keyed) throw new Error("no key is set");
    let bytes = this.#blockBytes;
    for (const part of parts) bytes += part.length;
    this.#reserve(bytes);
    let at = this.#blockBytes;
    for (const part of parts) {
      this.#inner.set(part, at);
      at += part.length;
    }
    const inner = hashOnce(this.#hash, this.#inner.subarray(0, bytes), "buffer");
    this.#inner.fill(0, this.#blockBytes, bytes);
    this.#outer.set(inner, this.#blockBytes);
    inner.fill(0);
    const digest = hashOnce(this.#hash, this.#outer, "buffer");
    this.#outer.fill(0, this.#blockBytes);
    out.set(digest);
    digest.fill(0);
  }

  clear(): void {
    this.#inner.fill(0);
    this.#outer.fill(0);
    this.#keyed = false;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#inner.length) return;
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.#inner.subarray(0, this.#blockBytes));
    this.#inner.fill(0);
    this.#inner = larger;
  }
}
