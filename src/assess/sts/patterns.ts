/**
 * How often each pattern of `patternBits` bits occurs, one occurrence starting at every bit, the
 * sequence followed by its own beginning (SP 800-22 r1a 2.11.4 and 2.12.4).
 * @param bits at least `patternBits` of them
 */
export function circularPatterns(bits: Uint8Array, patternBits: number): Uint32Array {
  const { length } = bits;
  const mask = 2 ** patternBits - 1;
  const counts = new Uint32Array(mask + 1);
  let pattern = 0;
  for (let at = 0; at < patternBits - 1; at++) pattern = (pattern << 1) | bits[at]!;
  for (let at = patternBits - 1; at < length; at++) {
    pattern = ((pattern << 1) | bits[at]!) & mask;
    counts[pattern]!++;
  }
  for (let at = 0; at < patternBits - 1; at++) {
    pattern = ((pattern << 1) | bits[at]!) & mask;
    counts[pattern]!++;
  }
  return counts;
}

/** The same of patterns that are a bit shorter: each goes on with either a zero or a one. */
export function shorterPatterns(counts: Uint32Array): Uint32Array {
  return Uint32Array.from(
    { length: counts.length / 2 },
    (_, pattern) => counts[2 * pattern]! + counts[2 * pattern + 1]!,
  );
}
