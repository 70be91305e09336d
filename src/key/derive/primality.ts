import { checkPrime } from "node:crypto";

/*
 * Trial division before the expensive test. Primes to 1619 are the first 255 odd ones and catch
 * about 85 % of odd composites; more would catch 1 % more (C2SP det-keygen). They are divided by in
 * groups, whose products stay below 2^53, so that a remainder fits a Number.
 */
const TRIAL_DIVISION_LIMIT = 1619;

interface PrimeGroup {
  readonly product: bigint;
  readonly primes: readonly number[];
}

function smallOddPrimes(limit: number): number[] {
  const primes: number[] = [];
  for (let candidate = 3; candidate <= limit; candidate += 2)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  return primes;
}

function groupPrimes(primes: readonly number[]): PrimeGroup[] {
  const groups: PrimeGroup[] = [];
  let [product, members]: [number, number[]] = [1, []];
  for (const prime of primes) {
    if (product * prime > Number.MAX_SAFE_INTEGER) {
      groups.push({ product: BigInt(product), primes: members });
      [product, members] = [1, []];
    }
    product *= prime;
    members.push(prime);
  }
  groups.push({ product: BigInt(product), primes: members });
  return groups;
}

const GROUPS = groupPrimes(smallOddPrimes(TRIAL_DIVISION_LIMIT));

/** True when an odd number above 1619 has a prime factor of at most 1619. */
export function hasSmallFactor(odd: bigint): boolean {
  for (const { product, primes } of GROUPS) {
    const remainder = Number(odd % product);
    if (primes.some((prime) => remainder % prime === 0)) return true;
  }
  return false;
}

/*
 * FIPS 186-5 table B.1 asks for 5 (1024 bits) or 4 (1536, 2048) rounds of Miller-Rabin on random
 * candidates. OpenSSL does at least 64, and only a prime pays for all of them.
 */
const MILLER_RABIN_ROUNDS = 64;

/**
 * FIPS 186-5 B.3, in the platform's thread pool. The bases come from OpenSSL's own generator; they
 * decide about no bit of the key.
 * @param bigEndian copied into the pool's memory; the caller overwrites it
 */
export function isProbablePrime(bigEndian: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    checkPrime(bigEndian, { checks: MILLER_RABIN_ROUNDS }, (error, prime) => {
      if (error) reject(error);
      else resolve(prime);
    });
  });
}
