/** Seeded xorshift32 noise: the same samples on every run, `2 ** bitsPerSample` equally likely. */
export function noise(samples: number, bitsPerSample = 8, seed = 1): Uint8Array {
  const symbols = new Uint8Array(samples);
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  for (let i = -16; i < samples; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    if (i >= 0) symbols[i] = (state >>> 9) & ((1 << bitsPerSample) - 1);
  }
  return symbols;
}

export function concatenate(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
