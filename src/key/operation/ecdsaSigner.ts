import { ecdsa, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";

const HEDGE_BYTES = 32;

/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5 6.4), nonces by RFC 6979 3.6: from the key, the message
 * and fresh bytes. OpenSSL would take the nonce from a generator of its own.
 *
 * noble hides scalar and nonce from timing by random multiples, which it draws while it works; these
 * draws are served from the bytes that `sign` was given, and never from the runtime's generator.
 */
export class EcdsaSigner {
  readonly #scheme: ECDSA;
  #blinding: Uint8Array | null = null;

  constructor() {
    const blinded = { randomBytes: (bytes = 32): Uint8Array<ArrayBuffer> => this.#take(bytes) };
    this.#scheme = ecdsa(weierstrass(p256.Point.CURVE(), blinded), sha256, blinded);
  }

  /**
   * @param entropy 32 bytes for the nonce, and 64 for the blinding
   * @returns the signature in DER
   */
  sign(message: Uint8Array, secret: Uint8Array, entropy: Uint8Array): Uint8Array {
    this.#blinding = entropy.subarray(HEDGE_BYTES);
    try {
      return this.#scheme.sign(message, secret, {
        extraEntropy: entropy.subarray(0, HEDGE_BYTES),
        format: "der",
      });
    } finally {
      this.#blinding = null;
    }
  }

  #take(bytes: number): Uint8Array<ArrayBuffer> {
    // While the scheme is set up the library only looks whether there is a generator.
    if (this.#blinding === null) return new Uint8Array(bytes).fill(0xa5);
    if (this.#blinding.length < bytes) throw new Error("ECDSA asked for more blinding than it has");
    const taken = this.#blinding.slice(0, bytes);
    this.#blinding = this.#blinding.subarray(bytes);
    return new Uint8Array(taken);
  }
}
