import { createHmacKernel } from "../kernel/createHmacKernel.ts";
import type { HashName, HmacKernel } from "../kernel/hmac.ts";

const ZERO = new Uint8Array([0x00]);
const ONE = new Uint8Array([0x01]);

/**
 * The algorithms of HMAC_DRBG (SP 800-90A r1 10.1.2), with nothing around them: no limits and no
 * state machine. `HmacDrbg` is what may be used; here the working state is visible, for tests.
 */
export class HmacDrbgState {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  reseedCounter = 0;
  readonly #kernel: HmacKernel;

  constructor(hash: HashName, kernel: HmacKernel = createHmacKernel(hash)) {
    this.#kernel = kernel;
    // An explicit ArrayBuffer lives outside V8's heap, so the collector never moves (copies) it.
    this.key = new Uint8Array(new ArrayBuffer(kernel.outputBytes));
    this.value = new Uint8Array(new ArrayBuffer(kernel.outputBytes));
  }

  /** HMAC_DRBG_Instantiate_algorithm, 10.1.2.3. */
  instantiate(entropyInput: Uint8Array, nonce: Uint8Array, personalization: Uint8Array): void {
    // Step 1: seed_material is the concatenation, and stays in its parts.
    // Steps 2. and 3.
    this.key.fill(0x00);
    this.value.fill(0x01);
    this.#kernel.setKey(this.key);
    // Step 4.
    this.#update(entropyInput, nonce, personalization);
    // Step 5.
    this.reseedCounter = 1;
  }

  /** HMAC_DRBG_Reseed_algorithm, 10.1.2.4. */
  reseed(entropyInput: Uint8Array, additionalInput: Uint8Array): void {
    // Steps 1. and 2.
    this.#update(entropyInput, additionalInput);
    // Step 3.
    this.reseedCounter = 1;
  }

  /**
   * HMAC_DRBG_Generate_algorithm, 10.1.2.5, without its step 1, which the caller has done: the
   * reseed counter does not exceed the reseed interval.
   */
  generate(out: Uint8Array, additionalInput: Uint8Array): void {
    const { value } = this;
    // Step 2.
    if (additionalInput.length > 0) this.#update(additionalInput);
    // Steps 3. to 5.
    for (let at = 0; at < out.length; at += value.length) {
      this.#kernel.mac(value, value);
      if (out.length - at >= value.length) {
        out.set(value, at);
      } else {
        for (let i = 0; at + i < out.length; i++) out[at + i] = value[i]!;
      }
    }
    // Step 6.
    if (additionalInput.length > 0) this.#update(additionalInput);
    else this.#updateWithNull();
    // Step 7.
    this.reseedCounter++;
  }

  /** Overwrites the working state and what the kernel derived from it; best effort. */
  zeroise(): void {
    this.key.fill(0);
    this.value.fill(0);
    this.reseedCounter = 0;
    this.#kernel.clear();
  }

  /** HMAC_DRBG_Update, 10.1.2.2, with provided_data in its parts. */
  #update(...providedData: readonly Uint8Array[]): void {
    // Steps 1. and 2.
    this.#updateRound(ZERO, providedData);
    // Step 3: Null means no bits at all, in whatever number of parts.
    if (providedData.every((part) => part.length === 0)) return;
    // Steps 4. and 5.
    this.#updateRound(ONE, providedData);
  }

  #updateRound(separator: Uint8Array, providedData: readonly Uint8Array[]): void {
    this.#kernel.mac(this.key, this.value, separator, ...providedData);
    this.#kernel.setKey(this.key);
    this.#kernel.mac(this.value, this.value);
  }

  /** `#update` of Null, for the path of every small request: nothing is allocated. */
  #updateWithNull(): void {
    this.#kernel.mac(this.key, this.value, ZERO);
    this.#kernel.setKey(this.key);
    this.#kernel.mac(this.value, this.value);
  }
}
