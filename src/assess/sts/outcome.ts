import { upperGamma } from "../special/gamma.ts";

/** The tests of SP 800-22 r1a, in the order of its section 2. */
export const STS_TESTS = [
  "frequency",
  "block-frequency",
  "runs",
  "longest-run",
  "rank",
  "dft",
  "non-overlapping-template",
  "overlapping-template",
  "universal",
  "linear-complexity",
  "serial",
  "approximate-entropy",
  "cumulative-sums",
  "random-excursions",
  "random-excursions-variant",
] as const;

export type StsTest = (typeof STS_TESTS)[number];

/**
 * Whose constants, where the text of SP 800-22 r1a and the program published with it disagree:
 * the text's, or those of NIST's program (sts-2.1.2).
 */
export type StsConstants = "text" | "program";

export interface StsResult {
  /** What tells a test's results apart: a template, a state, a direction; empty where there is one. */
  readonly label: string;
  /** 0 to 1. */
  readonly pValue: number;
  /** The value that the p-value belongs to: chi-square, z, d, ... */
  readonly statistic: number;
}

/** A test that ran. */
export interface StsRan {
  readonly test: StsTest;
  readonly applies: true;
  readonly parameters: Readonly<Record<string, number>>;
  readonly results: readonly StsResult[];
  /** Only where publications disagree: whose constants `results` rest on, and what the others give. */
  readonly constants?: {
    readonly used: StsConstants;
    readonly other: StsConstants;
    readonly pValueOfOther: number;
  };
}

/** A test that could not run: it has no p-value. */
export interface StsNotApplicable {
  readonly test: StsTest;
  readonly applies: false;
  readonly reason: string;
  readonly parameters: Readonly<Record<string, number>>;
  /**
   * True where SP 800-22 sets the p-value to 0 without a calculation (the runs test, when the
   * frequency test has already failed): a failure in the proportion of streams that pass.
   */
  readonly failed: boolean;
}

export type StsOutcome = StsRan | StsNotApplicable;

/** The outcome of a test that cannot run. */
export function notApplicable(
  test: StsTest,
  reason: string,
  parameters: Readonly<Record<string, number>>,
  failed = false,
): StsNotApplicable {
  return { test, applies: false, reason, parameters, failed };
}

/** The outcome of a stream that is too short. */
export function tooFewBits(test: StsTest, bits: number, minimumBits: number): StsNotApplicable {
  const reason = `needs at least ${minimumBits} bits, the stream has ${bits}`;
  return notApplicable(test, reason, { minimumBits });
}

/** Pearson's chi-square of counts against probabilities. */
export function chiSquareOf(counts: ArrayLike<number>, probabilities: readonly number[]): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin]!;
  let sum = 0;
  for (let bin = 0; bin < probabilities.length; bin++) {
    const expected = total * probabilities[bin]!;
    sum += (counts[bin]! - expected) ** 2 / expected;
  }
  return sum;
}

/** A chi-square test whose probabilities text and program disagree on: one's result, and the other's. */
export function byBothConstants(
  counts: ArrayLike<number>,
  probabilities: Readonly<Record<StsConstants, readonly number[]>>,
  used: StsConstants,
): Required<Pick<StsRan, "results" | "constants">> {
  const other = used === "text" ? "program" : "text";
  const degrees = counts.length - 1;
  const statistic = chiSquareOf(counts, probabilities[used]);
  const statisticOfOther = chiSquareOf(counts, probabilities[other]);
  return {
    results: [{ label: "", statistic, pValue: pValueOfChiSquare(statistic, degrees) }],
    constants: { used, other, pValueOfOther: pValueOfChiSquare(statisticOfOther, degrees) },
  };
}

/** The p-value of a chi-square statistic. @param degrees at least 1 */
export function pValueOfChiSquare(chiSquare: number, degrees: number): number {
  return unit(upperGamma(degrees / 2, chiSquare / 2));
}

/** Within 0 to 1, where rounding has left it just outside. */
export function unit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
