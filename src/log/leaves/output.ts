import { Type } from "typebox";
import { BIRTH } from "./birth.ts";
import { BITS, COUNT, DIGEST, leafSchema, NAME, strictObject } from "./fields.ts";

/** An output that its taker wanted a receipt of: random bytes, or a key that was not kept. */
export const OUTPUT = leafSchema("output", {
  what: Type.Union([Type.Literal("random"), Type.Literal("key")]),
  /** Of a key. */
  type: Type.Optional(NAME),
  format: Type.Optional(NAME),
  /** Random bytes that were drawn for it. */
  bytes: COUNT,
  asked: strictObject({
    strength: Type.Optional(BITS),
    sources: Type.Optional(COUNT),
    maxSeedAgeSeconds: Type.Optional(Type.Number()),
    fresh: Type.Optional(Type.Boolean()),
  }),
  /** What the seeds behind it were worth: of several, the worst of each. */
  met: strictObject({
    strength: BITS,
    sources: COUNT,
    seedAgeSeconds: Type.Number(),
  }),
  /** One for each generate that the request was split into. */
  births: Type.Array(BIRTH, { minItems: 1 }),
  /** To the value, under a salt that only its taker was given: see `../commitment.ts`. */
  commitment: DIGEST,
});
