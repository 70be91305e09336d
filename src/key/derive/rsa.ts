import { invert } from "@noble/curves/abstract/modular.js";
import type { RsaNumbers } from "../material.ts";
import { hasSmallFactor, isProbablePrime } from "./primality.ts";
import { openSeededDrbg } from "./seededDrbg.ts";
import type { SeededDrbg } from "./seededDrbg.ts";

const E = 65_537n;

/** FIPS 186-5 A.1.3 steps 4.7 and 5.8 end a search after 5 nlen (p) or 10 nlen (q) candidates. */
const CANDIDATES_PER_BIT = { p: 5, q: 10 } as const;

/**
 * An RSA key pair by C2SP det-keygen, which is FIPS 186-5 A.1.3 (probable primes) with HMAC_DRBG
 * over SHA-256 as its random bit generator and e = 65537.
 *
 * Never holds up the event loop for more than the trial division of a few candidates (well below a
 * millisecond each): the primality tests run in the platform's thread pool.
 *
 * @param modulusBits a multiple of 16, at least 2048
 * @param seed at least 16 bytes; 48 (384 bits, 3s/2 for s = 256) are drawn for it
 * @throws Error for a broken machine (no prime found, a criterion of A.1.1 not met), and the
 *   signal's reason once it fires
 */
export async function deriveRsa(
  modulusBits: number,
  seed: Uint8Array,
  signal?: AbortSignal,
): Promise<RsaNumbers> {
  const bits = Buffer.alloc(2);
  bits.writeUInt16BE(modulusBits);
  const drbg = openSeededDrbg(
    seed,
    Buffer.concat([Buffer.from("det RSA key gen", "latin1"), bits]),
  );
  try {
    for (;;) {
      const p = await searchPrime(drbg, modulusBits, CANDIDATES_PER_BIT.p, signal);
      const q = await searchPrime(drbg, modulusBits, CANDIDATES_PER_BIT.q, signal);
      const common = gcd(p - 1n, q - 1n);
      // det-keygen gives up both primes here (2^-32) and where e has no inverse (2^-15).
      if (common >= 1n << 32n) continue;
      const lambda = ((p - 1n) * (q - 1n)) / common;
      if (lambda % E === 0n) continue;
      const numbers: RsaNumbers = { modulusBits, n: p * q, e: E, d: invert(E, lambda), p, q };
      requireCriteria(numbers);
      return numbers;
    }
  } finally {
    drbg.wipe();
  }
}

/** Euclid's; not in constant time, like all arithmetic on BigInts. */
function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

async function searchPrime(
  drbg: SeededDrbg,
  modulusBits: number,
  candidatesPerBit: number,
  signal: AbortSignal | undefined,
): Promise<bigint> {
  const last = modulusBits / 16 - 1;
  for (let tries = 0; tries < candidatesPerBit * modulusBits; tries++) {
    signal?.throwIfAborted();
    const bytes = drbg.generate(last + 1);
    try {
      // The top two bits make every candidate at least 1.5 * 2^(nlen/2-1) > sqrt(2) * 2^(nlen/2-1).
      bytes[0]! |= 0b1100_0000;
      // Odd, and equal to 7 mod 8: FIPS 186-5 A.1.3 steps 4.5 and 5.6 with a = b = 7.
      bytes[last]! |= 0b0000_0111;
      const candidate = BigInt(
        `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`,
      );
      if (!hasSmallFactor(candidate) && (await isProbablePrime(bytes))) return candidate;
    } finally {
      bytes.fill(0);
    }
  }
  throw new Error(`RSA: no prime in ${candidatesPerBit * modulusBits} candidates`);
}

/**
 * FIPS 186-5 A.1.1: what a key pair must satisfy, checked on the finished numbers although the
 * construction leaves nothing of it to chance above 2^-97.
 * @throws Error naming the criterion
 */
export function requireCriteria({ modulusBits, n, e, d, p, q }: RsaNumbers): void {
  const half = BigInt(modulusBits / 2);
  const difference = p > q ? p - q : q - p;
  const lambda = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);
  const tooSmall = (prime: bigint): boolean =>
    // p >= sqrt(2) * 2^(half-1), squared: p^2 >= 2^(nlen-1)
    prime * prime < 1n << BigInt(modulusBits - 1) || prime >= 1n << half;
  const criteria: readonly (readonly [boolean, string])[] = [
    [e === E, "e = 65537"],
    [gcd(p - 1n, e) === 1n && gcd(q - 1n, e) === 1n, "gcd(p-1, e) = gcd(q-1, e) = 1"],
    [!tooSmall(p) && !tooSmall(q), "sqrt(2) 2^(nlen/2-1) <= p, q < 2^(nlen/2)"],
    [difference > 1n << (half - 100n), "|p-q| > 2^(nlen/2-100)"],
    [d > 1n << half && d < lambda, "2^(nlen/2) < d < lcm(p-1, q-1)"],
    [(d * e) % lambda === 1n, "d e = 1 mod lcm(p-1, q-1)"],
    [n === p * q && n >> BigInt(modulusBits - 1) === 1n, "n = pq has nlen bits"],
  ];
  for (const [met, criterion] of criteria)
    if (!met) throw new Error(`RSA: FIPS 186-5 A.1.1 not met: ${criterion}`);
}
