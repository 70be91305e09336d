import { PAIR_DERIVATIONS, type PairType } from "../derive/derivePair.ts";
import { wipe, type PairMaterial } from "../material.ts";
import { isConsistentPair } from "../pairwise.ts";

/** A pair, and whether it passed its pairwise consistency test. */
export interface TestedPair {
  /** For the caller to overwrite. */
  readonly material: PairMaterial;
  readonly isConsistent: boolean;
}

/**
 * Derives a pair and tests it, in one go.
 * @param seed as long as the type's derivation has it; overwritten
 * @throws whatever the derivation throws
 */
export function makePair(type: PairType, seed: Uint8Array): TestedPair {
  let material: PairMaterial | null = null;
  try {
    material = PAIR_DERIVATIONS[type].derive(seed);
    return { material, isConsistent: isConsistentPair(material) };
  } catch (error) {
    if (material !== null) wipe(material);
    throw error;
  } finally {
    seed.fill(0);
  }
}
