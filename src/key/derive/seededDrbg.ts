import { HmacDrbg } from "../../drbg/hmacDrbg.ts";

/** The random bit generator that C2SP det-keygen derives a key from. */
export interface SeededDrbg {
  /** One generate request of SP 800-90A 10.1.2.5, without additional input. */
  generate(bytes: number): Uint8Array;
  /** Its end. Twice does no harm. */
  wipe(): void;
}

const NO_NONCE = new Uint8Array(0);
/**
 * Uninstantiated, with nothing of a key in them: to make one costs more than to derive a P-256 key by
 * it. As many as were ever in use at once, which RSA's searches bound.
 */
const spare: HmacDrbg[] = [];

/**
 * HMAC_DRBG over SHA-256, instantiated from one drawn seed without a nonce. Its strength is what
 * SP 800-90A 8.6.7 gives for that: two thirds of the seed's length, at most 256 bits.
 * @param seed 48 bytes in this house; the published vectors have 16 and more
 */
export function openSeededDrbg(seed: Uint8Array, personalization: Uint8Array): SeededDrbg {
  const drbg = spare.pop() ?? new HmacDrbg("sha256");
  const securityStrength = Math.min(256, Math.floor((seed.length * 8 * 2) / 3));
  drbg.instantiate(seed, NO_NONCE, personalization, securityStrength, false);
  let open = true;
  return {
    generate(bytes) {
      if (!open) throw new Error("a key's DRBG is used after its end");
      const out = new Uint8Array(bytes);
      // The reseed interval is 2^48 generates; a key takes some thousands at most.
      if (drbg.generate(out) !== "done") throw new Error("a key's DRBG asks for a reseed");
      return out;
    },
    wipe() {
      if (!open) return;
      open = false;
      const isSound = drbg.state === "ready";
      drbg.uninstantiate();
      if (isSound) spare.push(drbg);
    },
  };
}
