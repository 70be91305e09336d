/** A test of procedure B with its figures and limit. */
export interface TestB {
  readonly test: string;
  /** Null where the bits ran out. */
  readonly isPassed: boolean | null;
  /** What is held against the limit; null where the bits ran out. */
  readonly value: number | null;
  readonly limit: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Bits that it consumed. */
  readonly bits: number;
  readonly notApplicable: string | null;
}

export interface RoundB {
  readonly tests: readonly TestB[];
  /** Bits that it consumed: the next round begins behind them. */
  readonly bits: number;
}

const COUNT = 100_000;
const UNIFORM_LIMIT = 0.025;
const TRANSITION_LIMIT = 0.02;
/** Chi-square of one degree, alpha = 10^-4. */
const HOMOGENEITY_LIMIT = 15.13;
const CORON_LIMIT = 7.976;
const CORON_WARM_UP = 2560;
const CORON_BYTES = 256_000;

/** The least that procedure B can take, if the words that it looks for come as wanted. */
export const LEAST_BITS_B = COUNT * (1 + 2 * 2 + 4 * 3 + 8 * 4) + 8 * (CORON_WARM_UP + CORON_BYTES);
/** What BSI's reference implementation asks for: even good bits take a little more than the least. */
export const NEEDED_BITS_B = 7_200_000;

/** T6, T7 and T8, one behind the other on disjoint bits. */
export function procedureB(bits: Uint8Array): RoundB {
  const tests: TestB[] = [];
  let at = 0;
  const told = (test: TestB): void => {
    tests.push(test);
    at += test.bits;
  };
  told(uniform(bits));
  for (const prefix of [1, 2, 3] as const)
    for (const test of transitions(bits, at, prefix)) told(test);
  told(coron(bits, at));
  return { tests, bits: at };
}

const short = (test: string, limit: string, reason: string, bits: number): TestB => ({
  test,
  isPassed: null,
  value: null,
  limit,
  figures: {},
  bits,
  notApplicable: reason,
});

/** T6, first step: is the share of ones about a half? */
function uniform(bits: Uint8Array): TestB {
  const limit = `below ${UNIFORM_LIMIT}`;
  if (bits.length < COUNT)
    return short("T6 ones", limit, `needs ${COUNT} bits, there are ${bits.length}`, bits.length);
  let ones = 0;
  for (let at = 0; at < COUNT; at++) ones += bits[at]!;
  const value = Math.abs(ones / COUNT - 0.5);
  const isPassed = value < UNIFORM_LIMIT;
  return {
    test: "T6 ones",
    isPassed,
    value,
    limit,
    figures: { ones },
    bits: COUNT,
    notApplicable: null,
  };
}

/**
 * What follows 100,000 occurrences of every word of `prefix` bits, each counted at its first 100,000
 * occurrences in disjoint words of `prefix` + 1 bits. T6's second step asks whether 0 and 1 have the same
 * successors, T7 whether words that differ in their first bit have.
 */
function transitions(bits: Uint8Array, start: number, prefix: 1 | 2 | 3): TestB[] {
  const kinds = 2 ** prefix;
  const seen = new Int32Array(kinds);
  const ones = new Int32Array(kinds);
  let full = 0;
  let at = start;
  for (; full < kinds && at + prefix < bits.length; at += prefix + 1) {
    let kind = 0;
    for (let bit = 0; bit < prefix; bit++) kind = kind * 2 + bits[at + bit]!;
    if (seen[kind] === COUNT) continue;
    ones[kind]! += bits[at + prefix]!;
    if (++seen[kind]! === COUNT) full++;
  }
  const consumed = at - start;
  // Both words of a pair end alike: the kind without its first bit.
  const tests: TestB[] = [];
  for (let tail = 0; tail < kinds / 2; tail++) {
    const name = tail.toString(2).padStart(prefix - 1, "0");
    const test = prefix === 1 ? "T6 transitions" : `T7 after 0${name} and 1${name}`;
    const limit = prefix === 1 ? `below ${TRANSITION_LIMIT}` : `at most ${HOMOGENEITY_LIMIT}`;
    const isFirst = tail === 0;
    const taken = isFirst ? consumed : 0;
    if (full < kinds) {
      const least = Math.min(...seen);
      const reason = `needs ${COUNT} occurrences of every word of ${prefix} bits; the bits ran out at ${least} of the rarest`;
      tests.push(short(test, limit, reason, isFirst ? bits.length - start : 0));
      continue;
    }
    const [one, other] = [ones[tail]!, ones[tail + kinds / 2]!];
    const value = prefix === 1 ? Math.abs(one - other) / COUNT : homogeneity(one, other);
    const isPassed = prefix === 1 ? value < TRANSITION_LIMIT : value <= HOMOGENEITY_LIMIT;
    const figures = { onesAfterFirst: one, onesAfterSecond: other, of: COUNT };
    tests.push({ test, isPassed, value, limit, figures, bits: taken, notApplicable: null });
  }
  return tests;
}

/** Chi-square of two samples of 100,000 with so many ones each. */
export function homogeneity(one: number, other: number): number {
  const square = (one - other) ** 2;
  const [ones, zeros] = [one + other, 2 * COUNT - one - other];
  return (ones === 0 ? 0 : square / ones) + (zeros === 0 ? 0 : square / zeros);
}

/** T8: Coron's entropy of bytes, from the distances to their last occurrence. */
function coron(bits: Uint8Array, start: number): TestB {
  const limit = `more than ${CORON_LIMIT}`;
  const bytes = CORON_WARM_UP + CORON_BYTES;
  const left = bits.length - start;
  if (left < 8 * bytes)
    return short("T8", limit, `needs ${8 * bytes} bits, there are ${left} left`, left);
  // g(i) = (1 + 1/2 + ... + 1/(i-1)) / ln 2
  const g = new Float64Array(bytes + 1);
  for (let distance = 2; distance <= bytes; distance++)
    g[distance] = g[distance - 1]! + 1 / (distance - 1) / Math.LN2;
  // A byte that never was stands before the first.
  const last = new Int32Array(256).fill(-1);
  let sum = 0;
  for (let index = 0; index < bytes; index++) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) byte = byte * 2 + bits[start + 8 * index + bit]!;
    if (index >= CORON_WARM_UP) sum += g[index - last[byte]!]!;
    last[byte] = index;
  }
  const value = sum / CORON_BYTES;
  const isPassed = value > CORON_LIMIT;
  return {
    test: "T8",
    isPassed,
    value,
    limit,
    figures: { sum },
    bits: 8 * bytes,
    notApplicable: null,
  };
}
