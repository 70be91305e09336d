import { approximateEntropy } from "./approximateEntropy.ts";
import { bitSequence } from "./bitSequence.ts";
import { blockFrequency } from "./blockFrequency.ts";
import { cumulativeSums } from "./cumulativeSums.ts";
import { dft } from "./dft.ts";
import { randomExcursions, randomExcursionsVariant, walkOf } from "./excursions.ts";
import { frequency } from "./frequency.ts";
import { linearComplexity } from "./linearComplexity.ts";
import { longestRun } from "./longestRun.ts";
import { nonOverlappingTemplate } from "./nonOverlappingTemplate.ts";
import type { StsConstants, StsOutcome } from "./outcome.ts";
import { overlappingTemplate } from "./overlappingTemplate.ts";
import { rank } from "./rank.ts";
import { runs } from "./runs.ts";
import { serial } from "./serial.ts";
import { universal } from "./universal.ts";

export interface StsStreamOptions {
  /** Default `text`. */
  readonly constants?: StsConstants;
}

/**
 * The fifteen tests of SP 800-22 r1a on one stream, with the parameters of NIST's program: 188 results
 * for 1,000,000 random bits (162 where a walk has too few cycles for the excursions).
 * @param bits 0 or 1 each; any number of them, tests that need more say so
 * @returns in the order of `STS_TESTS`
 * @throws RangeError when a value is neither 0 nor 1
 */
export function stsStream(
  bits: Uint8Array,
  { constants = "text" }: StsStreamOptions = {},
): StsOutcome[] {
  const sequence = bitSequence(bits);
  const walk = walkOf(sequence);
  return [
    frequency(sequence),
    blockFrequency(sequence),
    runs(sequence),
    longestRun(sequence, constants),
    rank(sequence),
    dft(sequence),
    nonOverlappingTemplate(sequence),
    overlappingTemplate(sequence, constants),
    universal(sequence),
    linearComplexity(sequence, constants),
    serial(sequence),
    approximateEntropy(sequence),
    cumulativeSums(sequence),
    randomExcursions(walk),
    randomExcursionsVariant(walk),
  ];
}
