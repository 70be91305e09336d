import { createHmacDrbgKernel } from "../kernel/createHmacDrbgKernel.ts";
import type { HashName } from "../kernel/hmac.ts";
import type { HmacDrbgKernel } from "../kernel/hmacDrbgKernel.ts";

/**
 * The algorithms of HMAC_DRBG (SP 800-90A r1 10.1.2), with nothing around them: no limits and no
 * state machine. `HmacDrbg` is what may be used; here the working state is visible, for tests.
 */
export class HmacDrbgState {
  reseedCounter = 0;
  readonly #kernel: HmacDrbgKernel;

  constructor(hash: HashName, kernel: HmacDrbgKernel = createHmacDrbgKernel(hash)) {
    this.#kernel = kernel;
  }

  /** Copies of K and V. */
  get key(): Uint8Array {
    return this.#kernel.readKey();
  }

  get value(): Uint8Array {
    return this.#kernel.readValue();
  }

  /** HMAC_DRBG_Instantiate_algorithm, 10.1.2.3. */
  instantiate(entropyInput: Uint8Array, nonce: Uint8Array, personalization: Uint8Array): void {
    // Step 1: seed_material is the concatenation, and stays in its parts.
    // Steps 2. and 3.
    this.#kernel.initialise();
    // Step 4.
    this.#kernel.update(entropyInput, nonce, personalization);
    // Step 5.
    this.reseedCounter = 1;
  }

  /** HMAC_DRBG_Reseed_algorithm, 10.1.2.4. */
  reseed(entropyInput: Uint8Array, additionalInput: Uint8Array): void {
    // Steps 1. and 2.
    this.#kernel.update(entropyInput, additionalInput);
    // Step 3.
    this.reseedCounter = 1;
  }

  /**
   * HMAC_DRBG_Generate_algorithm, 10.1.2.5, without its step 1, which the caller has done: the
   * reseed counter does not exceed the reseed interval.
   */
  generate(out: Uint8Array, additionalInput: Uint8Array): void {
    // Step 2.
    if (additionalInput.length > 0) this.#kernel.update(additionalInput);
    // Steps 3. to 5.
    this.#kernel.output(out);
    this.conclude(additionalInput);
  }

  /** What is left of 10.1.2.5 once the output is there. */
  conclude(additionalInput: Uint8Array): void {
    // Step 6.
    this.#kernel.update(additionalInput);
    // Step 7.
    this.reseedCounter++;
  }

  /** Overwrites the working state and what the kernel derived from it; best effort. */
  zeroise(): void {
    this.reseedCounter = 0;
    this.#kernel.zeroise();
  }
}
