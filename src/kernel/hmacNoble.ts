import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { checkOutput, HASH_OUTPUT_BYTES } from "./hmac.ts";
import type { HashName, HmacKernel } from "./hmac.ts";

const NOBLE = { sha256, sha384, sha512 } as const;

/** The plain twin: slower, and independent of both OpenSSL and our own compression function. */
export class HmacNoble implements HmacKernel {
  readonly outputBytes: number;
  readonly #hash: HashName;
  #keyed: ReturnType<typeof hmac.create> | null = null;

  constructor(hash: HashName) {
    this.#hash = hash;
    this.outputBytes = HASH_OUTPUT_BYTES[hash];
  }

  setKey(key: Uint8Array): void {
    this.clear();
    this.#keyed = hmac.create(NOBLE[this.#hash], key);
  }

  mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
    checkOutput(out, this.outputBytes);
    if (this.#keyed === null) throw new Error("no key is set");
    const message = this.#keyed._cloneInto();
    for (const part of parts) message.update(part);
    message.digestInto(out);
    message.destroy();
  }

  clear(): void {
    this.#keyed?.destroy();
    this.#keyed = null;
  }
}
