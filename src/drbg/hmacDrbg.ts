import type { HashName } from "../kernel/hmac.ts";
import type { HmacDrbgKernel } from "../kernel/hmacDrbgKernel.ts";
import {
  HASH_SECURITY_STRENGTH,
  MAXIMUM_REQUEST_BYTES,
  MAXIMUM_RESEED_INTERVAL,
} from "../standard/limits.ts";
import type { SecurityStrength } from "../standard/limits.ts";
import { HmacDrbgState } from "./hmacDrbgState.ts";

/**
 * The longest entropy input, nonce, personalization string or additional input that is taken.
 * SP 800-90A table 2 allows up to 2^35 bits; nothing here needs more than a few kilobytes.
 */
export const MAXIMUM_INPUT_BYTES = 2 ** 16;

const NOTHING = new Uint8Array(0);
const STANDARD_NAME = { sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

export type GenerateResult = "done" | "reseedRequired";
export type DrbgState = "uninstantiated" | "ready" | "error";

export interface HmacDrbgOptions {
  /** Generates between reseeds, at most 2^48 (SP 800-90A table 2). */
  readonly reseedInterval?: number;
  /** Another kernel, for the self-tests' own tests. */
  readonly kernel?: HmacDrbgKernel;
}

/**
 * One instance of HMAC_DRBG (SP 800-90A r1 section 9, mechanism 10.1.2). Entropy is pushed in: it
 * takes none by itself, so a generate that needs a reseed says so instead of doing it.
 *
 * A wrong argument throws RangeError and changes nothing. A fault inside puts the instance into the
 * error state: its working state is overwritten and only `instantiate` brings it back.
 */
export class HmacDrbg {
  readonly hash: HashName;
  readonly #highestStrength: SecurityStrength;
  readonly #reseedInterval: number;
  readonly #working: HmacDrbgState;
  #state: DrbgState = "uninstantiated";
  #securityStrength = 0;
  #predictionResistance = false;

  constructor(hash: HashName, options: HmacDrbgOptions = {}) {
    this.hash = hash;
    this.#highestStrength = HASH_SECURITY_STRENGTH[STANDARD_NAME[hash]];
    this.#reseedInterval = options.reseedInterval ?? MAXIMUM_RESEED_INTERVAL;
    if (!(this.#reseedInterval >= 1 && this.#reseedInterval <= MAXIMUM_RESEED_INTERVAL)) {
      throw new RangeError(`the reseed interval is 1 to 2^48, not ${this.#reseedInterval}`);
    }
    this.#working = new HmacDrbgState(hash, options.kernel);
  }

  get state(): DrbgState {
    return this.#state;
  }

  /** The value that the next generate uses: 1 after a (re)seed, 0 when there is no state. */
  get reseedCounter(): number {
    return this.#working.reseedCounter;
  }

  get securityStrength(): number {
    return this.#securityStrength;
  }

  /**
   * Instantiate_function, SP 800-90A 9.1.
   * @param entropyInput at least `securityStrength` bits; at least 3/2 of it with an empty nonce
   * @param nonce at least half of `securityStrength` bits, or empty
   * @param securityStrength 1 to 256
   */
  instantiate(
    entropyInput: Uint8Array,
    nonce: Uint8Array,
    personalization: Uint8Array,
    securityStrength: number,
    predictionResistance: boolean,
  ): void {
    if (this.#state === "ready") throw new Error("the instance is instantiated already");
    // Step 1.
    if (!(securityStrength >= 1 && securityStrength <= this.#highestStrength)) {
      throw new RangeError(`the security strength is 1 to ${this.#highestStrength} bits`);
    }
    // Step 2: prediction resistance is supported. Step 3.
    checkInput("personalization string", personalization);
    // Steps 6. to 8: the bits are pushed here, so their length is checked instead.
    checkInput("nonce", nonce);
    checkEntropy(entropyInput, nonce.length > 0 ? securityStrength : (securityStrength * 3) / 2);
    if (nonce.length > 0 && nonce.length * 8 < securityStrength / 2) {
      throw new RangeError(`a nonce has at least ${securityStrength / 2} bits`);
    }
    // The state is an error until everything has succeeded.
    this.#state = "error";
    this.#orFail(() => this.#working.instantiate(entropyInput, nonce, personalization)); // Step 9.
    this.#securityStrength = securityStrength;
    this.#predictionResistance = predictionResistance;
    this.#state = "ready";
  }

  /**
   * Reseed_function, SP 800-90A 9.2.
   * @param entropyInput at least the instance's security strength in bits
   */
  reseed(entropyInput: Uint8Array, additionalInput: Uint8Array): void {
    // Step 1.
    this.#mustBeReady();
    // Step 3.
    checkInput("additional input", additionalInput);
    // Steps 4. and 5.
    checkEntropy(entropyInput, this.#securityStrength);
    // Steps 6. and 7.
    this.#orFail(() => this.#working.reseed(entropyInput, additionalInput));
  }

  /**
   * Generate_function, SP 800-90A 9.3, without its own call for entropy.
   * @param out filled with 1 to 65,536 bytes when the result is `done`, else untouched
   * @param freshEntropy prediction resistance is requested, and this is the entropy for it
   */
  generate(
    out: Uint8Array,
    additionalInput: Uint8Array = NOTHING,
    freshEntropy: Uint8Array | null = null,
  ): GenerateResult {
    // Steps 1. and 2.
    this.checkGenerate(out.length);
    // Step 4.
    checkInput("additional input", additionalInput);
    // Step 5.
    if (freshEntropy !== null && !this.#predictionResistance) {
      throw new RangeError("prediction resistance was not asked for at instantiation");
    }
    // Step 7: the additional input goes into the reseed, and is Null afterwards.
    if (freshEntropy !== null) this.reseed(freshEntropy, additionalInput);
    // 10.1.2.5 step 1.
    else if (this.reseedRequired) return "reseedRequired";
    // Steps 8. to 11.
    try {
      this.#working.generate(out, freshEntropy === null ? additionalInput : NOTHING);
    } catch (error) {
      out.fill(0);
      this.fail();
      throw error;
    }
    return "done";
  }

  /** Steps 1. and 2. of 9.3. @throws RangeError for another number of bytes than 1 to 65,536 */
  checkGenerate(bytes: number): void {
    // Step 1.
    this.#mustBeReady();
    // Step 2.
    if (bytes < 1 || bytes > MAXIMUM_REQUEST_BYTES) {
      throw new RangeError(`a request is for 1 to ${MAXIMUM_REQUEST_BYTES} bytes`);
    }
  }

  /** 10.1.2.5 step 1. */
  get reseedRequired(): boolean {
    return this.#working.reseedCounter > this.#reseedInterval;
  }

  /** 10.1.2.5 steps 6. and 7, after steps 3. to 5. were done by the bank that its kernel is of. */
  concludeGenerate(): void {
    this.#working.conclude(NOTHING);
  }

  /** Uninstantiate_function, SP 800-90A 9.4: K, V and the counter are overwritten (best effort). */
  uninstantiate(): void {
    this.#erase("uninstantiated");
  }

  /** The error state, SP 800-90A 11.3.6: the working state is gone and nothing is generated. */
  fail(): void {
    this.#erase("error");
  }

  #erase(state: DrbgState): void {
    this.#working.zeroise();
    this.#securityStrength = 0;
    this.#predictionResistance = false;
    this.#state = state;
  }

  #orFail(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail();
      throw error;
    }
  }

  #mustBeReady(): void {
    if (this.#state !== "ready") throw new Error(`the DRBG instance is ${this.#state}`);
  }
}

function checkInput(name: string, bytes: Uint8Array): void {
  if (bytes.length > MAXIMUM_INPUT_BYTES) {
    throw new RangeError(`the ${name} has at most ${MAXIMUM_INPUT_BYTES} bytes`);
  }
}

function checkEntropy(bytes: Uint8Array, minimumBits: number): void {
  checkInput("entropy input", bytes);
  if (bytes.length * 8 < minimumBits) {
    throw new RangeError(`the entropy input has at least ${minimumBits} bits`);
  }
}
