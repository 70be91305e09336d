import { Type } from "typebox";
import type { Requirement } from "../port/lineage.ts";

/** The parameters that state a requirement, for a query string and a body alike. */
export const REQUIREMENT_PROPERTIES = {
  strength: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 256, description: "Security strength in bits." }),
  ),
  sources: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 16,
      description: "Independent credited sources that the seed must draw on.",
    }),
  ),
  max_seed_age: Type.Optional(
    Type.Number({ minimum: 0, maximum: 86_400, description: "Greatest age of the seed, seconds." }),
  ),
};

export const FRESH = Type.Optional(
  Type.Boolean({ description: "Prediction resistance: noise younger than a second, never used." }),
);

export interface RequirementInput {
  readonly strength?: number;
  readonly sources?: number;
  readonly max_seed_age?: number;
  readonly fresh?: boolean;
}

const NONE: Requirement = {};

export function requirementOf(input: RequirementInput): Requirement {
  const { strength, sources, max_seed_age: maxSeedAgeSeconds, fresh } = input;
  if (
    strength === undefined &&
    sources === undefined &&
    maxSeedAgeSeconds === undefined &&
    fresh === undefined
  )
    return NONE;
  return {
    ...(strength === undefined ? {} : { strength }),
    ...(sources === undefined ? {} : { sources }),
    ...(maxSeedAgeSeconds === undefined ? {} : { maxSeedAgeSeconds }),
    ...(fresh === undefined ? {} : { fresh }),
  };
}
