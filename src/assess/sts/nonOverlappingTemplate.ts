import type { BitSequence } from "./bitSequence.ts";
import {
  notApplicable,
  pValueOfChiSquare,
  tooFewBits,
  type StsOutcome,
  type StsResult,
} from "./outcome.ts";

/**
 * The templates of m bits that cannot overlap themselves (SP 800-22 r1a 2.7 and its appendix of
 * aperiodic templates), in increasing order: 148 for m = 9.
 */
export function aperiodicTemplates(templateBits: number): number[] {
  const templates: number[] = [];
  for (let template = 0; template < 2 ** templateBits; template++) {
    let overlaps = false;
    for (let shift = 1; shift < templateBits && !overlaps; shift++) {
      overlaps = template >>> shift === (template & (2 ** (templateBits - shift) - 1));
    }
    if (!overlaps) templates.push(template);
  }
  return templates;
}

/** Occurrences of every pattern of `patternBits` bits within each block, block after block. */
function patternsByBlock(
  bits: Uint8Array,
  patternBits: number,
  blocks: number,
  blockBits: number,
): Uint32Array {
  const patterns = 1 << patternBits;
  const counts = new Uint32Array(blocks * patterns);
  for (let block = 0; block < blocks; block++) {
    const base = block * patterns;
    const end = (block + 1) * blockBits;
    let at = block * blockBits;
    let pattern = 0;
    for (let first = 1; first < patternBits; first++) pattern = (pattern << 1) | bits[at++]!;
    for (; at < end; at++) {
      pattern = ((pattern << 1) | bits[at]!) & (patterns - 1);
      counts[base + pattern]!++;
    }
  }
  return counts;
}

export interface NonOverlappingOptions {
  /** m, 2 to 16. */
  readonly templateBits?: number;
  /** N. */
  readonly blocks?: number;
  /**
   * SP 800-22 names no least length. Chi-square needs some occurrences to be expected in a block;
   * 5 is the usual rule.
   */
  readonly minimumExpected?: number;
}

/**
 * SP 800-22 r1a 2.7, all aperiodic templates of m bits. A template that cannot overlap itself is
 * found as often by the scan that jumps over each occurrence as by counting every position, so one
 * histogram of patterns per block serves all templates.
 */
export function nonOverlappingTemplate(
  { bits, length }: BitSequence,
  { templateBits = 9, blocks = 8, minimumExpected = 5 }: NonOverlappingOptions = {},
): StsOutcome {
  const test = "non-overlapping-template";
  const patterns = 2 ** templateBits;
  const minimumBits = blocks * (Math.ceil(minimumExpected * patterns) + templateBits - 1);
  if (length < minimumBits) return tooFewBits(test, length, minimumBits);
  const blockBits = Math.floor(length / blocks);
  const parameters = { templateBits, blocks, blockBits };
  const mean = (blockBits - templateBits + 1) / patterns;
  const variance = blockBits * (1 / patterns - (2 * templateBits - 1) / patterns ** 2);
  if (!(mean > 0 && variance > 0)) {
    return notApplicable(test, "a block is shorter than a template", parameters);
  }
  const counts = patternsByBlock(bits, templateBits, blocks, blockBits);
  const results = aperiodicTemplates(templateBits).map((template): StsResult => {
    let statistic = 0;
    for (let block = 0; block < blocks; block++) {
      statistic += (counts[block * patterns + template]! - mean) ** 2 / variance;
    }
    const label = template.toString(2).padStart(templateBits, "0");
    return { label, statistic, pValue: pValueOfChiSquare(statistic, blocks) };
  });
  return { test, applies: true, parameters, results };
}
