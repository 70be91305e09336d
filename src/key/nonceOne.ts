import { ORDER } from "./derive/ecdsa.ts";

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** x of the base point (SP 800-186 3.2.1.3, 3.2.1.4): r of every signature here. */
const BASE_X = {
  "P-256": "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
  "P-384":
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
} as const;

/** The numbers that are the same for every key. */
const numbersOf = (curve: "P-256" | "P-384") => {
  const baseX = BigInt(`0x${BASE_X[curve]}`);
  return { order: toInteger(ORDER[curve]), baseX, r: derInteger(baseX) };
};
const NUMBERS = { "P-256": numbersOf("P-256"), "P-384": numbersOf("P-384") } as const;

/**
 * An ECDSA signature (FIPS 186-5 6.4.1) with the per-message secret number 1, for the pairwise test
 * alone: whoever sees it has the key, so it goes nowhere and is overwritten. What the verifier
 * computes, (e/s) G + (r/s) Q, is the nonce's point for Q = dG and for no other, whichever the nonce;
 * with 1 that point is G itself, and what is left of signing is s = e + r d modulo n.
 *
 * @param secret d, as long as the order
 * @param digest of the message, as long as the order
 * @returns Ecdsa-Sig-Value (RFC 3279 2.2.3) in DER, for the caller to overwrite
 */
export function signatureOfNonceOne(
  curve: "P-256" | "P-384",
  secret: Uint8Array,
  digest: Uint8Array,
): Buffer {
  const { order, baseX, r } = NUMBERS[curve];
  const s = derInteger((toInteger(digest) + baseX * toInteger(secret)) % order);
  // Both are below 2^385, so every length fits into one octet.
  const signature = Buffer.concat([Buffer.of(SEQUENCE, r.length + s.length), r, s]);
  s.fill(0);
  return signature;
}

function toInteger(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  return BigInt(`0x${hex}`);
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  // A number and not a negative one: a first bit of 1 has an octet of 0 before it.
  const digits = hex.length % 2 === 1 ? `0${hex}` : hex >= "8" ? `00${hex}` : hex;
  const bytes = digits.length / 2;
  return Buffer.from(`${octet(INTEGER)}${octet(bytes)}${digits}`, "hex");
}

function octet(value: number): string {
  return value.toString(16).padStart(2, "0");
}
