import type { Finding, HealthTest } from "./healthTest.ts";

export interface Found extends Finding {
  /** Of the sample that raised the alarm, in the push. */
  readonly index: number;
}

/** Every test over every sample; what they found, in the order of the samples. */
export function findingsOf(tests: readonly HealthTest[], symbols: Uint8Array): Found[] {
  const found: Found[] = [];
  for (const test of tests) {
    let from = 0;
    while (from < symbols.length) {
      const index = test.push(symbols, from, symbols.length);
      if (index < 0) break;
      found.push({ index, ...test.finding });
      from = index + 1;
    }
  }
  return found.sort((one, other) => one.index - other.index); // stable: tests keep their order
}

/** @throws Error for a symbol that is wider than `bitsPerSample`: a bug of the source */
export function checkWidth(symbols: Uint8Array, bitsPerSample: number): void {
  if (bitsPerSample === 8) return;
  let all = 0;
  for (let i = 0; i < symbols.length; i += 1) all |= symbols[i]!;
  if (all >>> bitsPerSample !== 0) {
    throw new Error(`a symbol is wider than ${bitsPerSample} bits`);
  }
}
