import type { HmacKernel } from "./hmac.ts";
import type { HmacDrbgKernel } from "./hmacDrbgKernel.ts";

const ZERO = new Uint8Array([0x00]);
const ONE = new Uint8Array([0x01]);

/** Over any HMAC, as the standard has it. */
export class HmacDrbgPlain implements HmacDrbgKernel {
  readonly outputBytes: number;
  readonly #hmac: HmacKernel;
  readonly #key: Uint8Array;
  readonly #value: Uint8Array;

  constructor(hmac: HmacKernel) {
    this.#hmac = hmac;
    this.outputBytes = hmac.outputBytes;
    // An explicit ArrayBuffer lives outside V8's heap, so the collector never moves (copies) it.
    this.#key = new Uint8Array(new ArrayBuffer(hmac.outputBytes));
    this.#value = new Uint8Array(new ArrayBuffer(hmac.outputBytes));
  }

  initialise(): void {
    this.#key.fill(0x00);
    this.#value.fill(0x01);
    this.#hmac.setKey(this.#key);
  }

  update(...providedData: readonly Uint8Array[]): void {
    // Steps 1. and 2.
    this.#round(ZERO, providedData);
    // Step 3: Null means no bits at all, in whatever number of parts.
    if (providedData.every((part) => part.length === 0)) return;
    // Steps 4. and 5.
    this.#round(ONE, providedData);
  }

  output(out: Uint8Array): void {
    const value = this.#value;
    for (let at = 0; at < out.length; at += value.length) {
      this.#hmac.mac(value, value);
      out.set(at + value.length <= out.length ? value : value.subarray(0, out.length - at), at);
    }
  }

  readKey(): Uint8Array {
    return this.#key.slice();
  }

  readValue(): Uint8Array {
    return this.#value.slice();
  }

  zeroise(): void {
    this.#key.fill(0);
    this.#value.fill(0);
    this.#hmac.clear();
  }

  #round(separator: Uint8Array, providedData: readonly Uint8Array[]): void {
    this.#hmac.mac(this.#key, this.#value, separator, ...providedData);
    this.#hmac.setKey(this.#key);
    this.#hmac.mac(this.#value, this.#value);
  }
}
