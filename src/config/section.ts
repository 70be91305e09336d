import Type, { type TSchema } from "typebox";

/** No field that is not in the schema: a misspelt one must be a fault, not a default. */
export const strict = { additionalProperties: false } as const;

/** A part of the configuration that may be left out whole. */
export function section<P extends Record<string, TSchema>>(properties: P, description: string) {
  return Type.Object(properties, { ...strict, description, default: {} });
}
