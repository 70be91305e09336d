/*
 * Reproducible noise with a known min-entropy. xorshift128+ in 32-bit halves is good enough for
 * counts and short contexts, and a hundred times as fast as asking the OS.
 */

/** Numbers in [0, 2^32). */
export function generator(seed: number): () => number {
  let [a, b, c, d] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 0xb7e15162 | 0];
  const next = (): number => {
    // xoshiro128**
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  for (let round = 0; round < 20; round++) next();
  return next;
}

/** Uniform symbols: exactly `bits` of min-entropy each. */
export function noise(bits: number, length: number, seed: number): Uint8Array {
  const next = generator(seed);
  return Uint8Array.from({ length }, () => next() >>> (32 - bits));
}

/** Value 0 with this chance, the others alike: -log2(chance) of min-entropy each. */
export function oneHeavy(bits: number, chance: number, length: number, seed: number): Uint8Array {
  const next = generator(seed);
  const others = 2 ** bits - 1;
  return Uint8Array.from({ length }, () => {
    const draw = next() / 2 ** 32;
    return draw < chance ? 0 : 1 + Math.floor(((draw - chance) / (1 - chance)) * others);
  });
}
