import { Type, type TProperties } from "typebox";

/*
 * What leaves are made of. Every text is bounded, and there is no type that could hold key material,
 * random bytes or a plain hash of either.
 */

const STRICT = { additionalProperties: false } as const;

/** An id, a name, a version: printable and short. */
export const NAME = Type.String({ minLength: 1, maxLength: 256 });
/** What a person gave as a reason. */
export const REASON = Type.String({ minLength: 1, maxLength: 1000 });
export const COUNT = Type.Integer({ minimum: 0 });
/** Unix milliseconds. */
export const TIME = Type.Number();
export const BITS = Type.Number({ minimum: 0 });
/** 32 bytes in hexadecimal: of public records, or an HMAC under a salt. */
export const DIGEST = Type.String({ pattern: "^[0-9a-f]{64}$" });
export const SHAPE = Type.Union([
  Type.Literal("RBG2(P)"),
  Type.Literal("RBG2(NP)"),
  Type.Literal("RBGC"),
]);

/** An object of these fields and no others. */
export function strictObject<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, STRICT);
}

/**
 * The schema of one kind of leaf.
 * @param kind its name, once and for all
 * @param fields its allow-list, besides what every leaf has
 */
export function leafSchema<Kind extends string, Fields extends TProperties>(
  kind: Kind,
  fields: Fields,
) {
  return strictObject({
    v: Type.Literal(1),
    kind: Type.Literal(kind),
    /** When, by the service's wall clock. */
    at: TIME,
    /** Id of the principal; `springhouse` for what happened by itself. */
    actor: NAME,
    ...fields,
  });
}
