import { HASH_OUTPUT_BYTES } from "./hmac.ts";
import type { HmacDrbgKernel } from "./hmacDrbgKernel.ts";
import { HmacWasm } from "./hmacWasm.ts";
import { Sha256Lanes } from "./sha256Lanes.ts";
import { CONTEXT_BYTES, KEY, OUTPUT, OUTPUT_BYTES, VALUE } from "./wasm/layout.ts";

const ZERO = new Uint8Array([0x00]);
const ONE = new Uint8Array([0x01]);
const BYTES = HASH_OUTPUT_BYTES.sha256;

/** SHA-256 in one lane of the WebAssembly kernel, where K and V stay. */
export class HmacDrbgWasm implements HmacDrbgKernel {
  readonly outputBytes = BYTES;
  readonly lanes: Sha256Lanes;
  readonly #context: number;
  readonly #hmac: HmacWasm;

  constructor(lanes = new Sha256Lanes(), lane = 0) {
    this.lanes = lanes;
    this.#context = lanes.context(lane);
    this.#hmac = new HmacWasm(lanes, lane);
  }

  initialise(): void {
    this.#setKey(new Uint8Array(BYTES));
    const value = this.#context + VALUE;
    this.lanes.bytes.fill(0x01, value, value + BYTES);
  }

  update(...providedData: readonly Uint8Array[]): void {
    if (providedData.every((part) => part.length === 0)) {
      this.lanes.kernel.updateWithNull(this.#context);
      this.lanes.wipeScratch();
      return;
    }
    // Steps 1. and 2.
    this.#round(ZERO, providedData);
    // Steps 4. and 5.
    this.#round(ONE, providedData);
  }

  output(out: Uint8Array): void {
    for (let at = 0; at < out.length; at += OUTPUT_BYTES) {
      const bytes = Math.min(out.length - at, OUTPUT_BYTES);
      const steps = Math.ceil(bytes / BYTES);
      this.lanes.kernel.chain(this.#context, OUTPUT, steps);
      this.lanes.take(OUTPUT, bytes === out.length ? out : out.subarray(at, at + bytes));
      // What the last step gave beyond `out`.
      if (bytes % BYTES > 0) this.lanes.bytes.fill(0, OUTPUT + bytes, OUTPUT + steps * BYTES);
    }
    this.lanes.wipeScratch();
  }

  readKey(): Uint8Array {
    return this.#read(KEY);
  }

  readValue(): Uint8Array {
    return this.#read(VALUE);
  }

  zeroise(): void {
    this.#hmac.clear();
    this.lanes.bytes.fill(0, this.#context, this.#context + CONTEXT_BYTES);
  }

  #round(separator: Uint8Array, providedData: readonly Uint8Array[]): void {
    const value = this.readValue();
    const key = new Uint8Array(BYTES);
    this.#hmac.mac(key, value, separator, ...providedData);
    this.#setKey(key);
    this.lanes.kernel.next(this.#context);
    this.lanes.wipeScratch();
    value.fill(0);
    key.fill(0);
  }

  #setKey(key: Uint8Array): void {
    const words = new DataView(key.buffer, key.byteOffset, BYTES);
    const own = new DataView(this.lanes.bytes.buffer, this.#context + KEY, BYTES);
    for (let at = 0; at < BYTES; at += 4) own.setInt32(at, words.getInt32(at), true);
    this.#hmac.setKey(key);
  }

  #read(field: number): Uint8Array {
    const bytes = new Uint8Array(BYTES);
    const out = new DataView(bytes.buffer);
    const own = new DataView(this.lanes.bytes.buffer, this.#context + field, BYTES);
    for (let at = 0; at < BYTES; at += 4) out.setInt32(at, own.getInt32(at, true));
    return bytes;
  }
}
