import { ageMilliseconds, type Instant } from "../entropy/instant.ts";
import type { ReseedReason, Requirement, Seed, SeedKind, Shape } from "../port/lineage.ts";
import type { SeedMaterial } from "../port/seed.ts";
import { SECURITY_STRENGTH } from "./policy.ts";

/** A seed whose record is durable, or about to be; its bytes are used once and overwritten. */
export interface PreparedSeed {
  readonly seed: Seed;
  readonly entropyInput: Uint8Array;
  readonly additionalInput: Uint8Array;
  readonly strength: number;
  /** Independent sources credited in it. */
  readonly sources: number;
  /** When its material was taken: a seed's age limit counts from here, not from its first use. */
  readonly taken: Instant;
}

export interface SeedFrame {
  readonly id: string;
  readonly instance: string;
  readonly shape: Shape;
  readonly kind: SeedKind;
  readonly reason: ReseedReason;
  readonly counterLimit: number;
}

/** Takes over the material's buffers. */
export function prepareSeed(
  material: SeedMaterial,
  frame: SeedFrame,
  taken: Instant,
): PreparedSeed {
  const common = {
    ...frame,
    atMilliseconds: taken.wallMilliseconds,
    materialFromMilliseconds: material.fromMilliseconds,
    uncreditedBlocks: material.uncreditedBlocks.map(({ id }) => id),
  };
  if (material.type === "parent") {
    const { parentName, securityStrength, randomness, additionalInput } = material;
    return {
      seed: {
        ...common,
        blocks: [],
        credits: [],
        creditedBits: 0,
        strengthWithoutBest: [0],
        parent: { name: parentName, securityStrength, bytes: randomness.length },
      },
      entropyInput: randomness,
      additionalInput,
      strength: Math.min(SECURITY_STRENGTH, securityStrength),
      sources: 0,
      taken,
    };
  }
  const { credits, creditedBits, strengthWithoutBest, entropyInput, additionalInput } = material;
  return {
    seed: {
      ...common,
      blocks: material.blocks.map(({ id }) => id),
      credits,
      creditedBits,
      strengthWithoutBest,
      parent: null,
    },
    entropyInput,
    additionalInput,
    strength: Math.min(SECURITY_STRENGTH, creditedBits),
    sources: credits.filter(({ assessedBits }) => assessedBits > 0).length,
    taken,
  };
}

export function wipeSeed({ entropyInput, additionalInput }: PreparedSeed): void {
  entropyInput.fill(0);
  additionalInput.fill(0);
}

/** Whether an output of this seed meets what the request asks for, now. */
export function meets(
  prepared: Pick<PreparedSeed, "seed" | "strength" | "sources" | "taken">,
  requirement: Requirement,
  now: Instant,
): boolean {
  const { strength, sources, maxSeedAgeSeconds } = requirement;
  if (strength !== undefined && prepared.strength < strength) return false;
  if (sources !== undefined && prepared.sources < sources) return false;
  if (maxSeedAgeSeconds === undefined) return true;
  const { seed, taken } = prepared;
  const before = Math.max(0, seed.atMilliseconds - seed.materialFromMilliseconds);
  return before + ageMilliseconds(taken, now) <= maxSeedAgeSeconds * 1000;
}
