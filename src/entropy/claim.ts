import type { ConditioningComponent } from "../conditioning/component.ts";
import type { DeviceDescription, NoiseSource } from "../port/source.ts";
import { FULL_ENTROPY_NEGATIVE_LOG2_EPSILON } from "../standard/limits.ts";
import { negativeLog2Epsilon, outputEntropy } from "../standard/outputEntropy.ts";

/** What is claimed for a source, and on what grounds. Entropies are bits of min-entropy a sample. */
export interface SourceClaim {
  /** H at which the health tests run. */
  readonly testedEntropy: number;
  /** The operator's figure with its evidence; null: the source is never credited. */
  readonly assessed: { readonly entropy: number; readonly evidence: string } | null;
  /** What a certificate allows; null without one. */
  readonly compliant: { readonly entropy: number; readonly certificate: string } | null;
}

/**
 * H that blocks are accumulated at. Never above what the health tests would notice the loss of.
 */
export function claimedEntropy(claim: SourceClaim): number {
  return Math.min(claim.testedEntropy, claim.assessed?.entropy ?? claim.testedEntropy);
}

/**
 * Whether blocks of the source count in a seed's strength while this device is open. The OS RNG never
 * does: it is a DRBG and has a strength, not entropy.
 */
export function isCredited(
  source: Pick<NoiseSource, "kind" | "physical">,
  claim: SourceClaim,
  device: DeviceDescription | null,
  physicalOnly: boolean,
): boolean {
  return (
    source.kind !== "os" &&
    (claim.assessed?.entropy ?? 0) > 0 &&
    device?.rawConfirmed === true &&
    (source.physical || !physicalOnly)
  );
}

/** The arithmetic of one block, SP 800-90B 3.1.5.1.2. */
export interface BlockArithmetic {
  readonly samples: number;
  readonly inputBits: number;
  readonly inputEntropy: number;
  readonly outputBits: number;
  readonly outputEntropy: number;
  readonly fullEntropy: boolean;
}

/** @param entropy H a sample, bits, greater than 0 */
export function blockArithmetic(
  samples: number,
  bitsPerSample: number,
  entropy: number,
  component: ConditioningComponent,
): BlockArithmetic {
  const sizes = {
    inputBits: samples * bitsPerSample,
    inputEntropy: samples * entropy,
    outputBits: component.outputBits,
    narrowestWidthBits: component.narrowestWidthBits,
  };
  return {
    samples,
    inputBits: sizes.inputBits,
    inputEntropy: sizes.inputEntropy,
    outputBits: sizes.outputBits,
    outputEntropy: outputEntropy(sizes),
    fullEntropy:
      sizes.inputEntropy >= component.requiredInputEntropyBits &&
      negativeLog2Epsilon(sizes) >= FULL_ENTROPY_NEGATIVE_LOG2_EPSILON,
  };
}

/** The fewest samples with `samples * entropy >= bits`. */
export function samplesForEntropy(bits: number, entropy: number): number {
  let samples = Math.max(1, Math.ceil(bits / entropy));
  // The quotient is rounded, so it may be one off either way.
  while (samples * entropy < bits) samples += 1;
  while (samples > 1 && (samples - 1) * entropy >= bits) samples -= 1;
  return samples;
}
