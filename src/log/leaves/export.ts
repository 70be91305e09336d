import { Type } from "typebox";
import { COUNT, DIGEST, leafSchema, NAME } from "./fields.ts";

/**
 * Key material that left. `key`: a version of an exportable key, sealed to a recipient. `pair`: fresh
 * keys that two parties share, each of which gets them once, over its own connection.
 */
export const EXPORT = leafSchema("export", {
  of: Type.Union([Type.Literal("key"), Type.Literal("pair")]),
  /** `key`: its id. `pair`: ids of the keys. */
  keys: Type.Array(NAME, { minItems: 1, maxItems: 128 }),
  version: Type.Optional(COUNT),
  scheme: Type.Union([
    Type.Literal("hpke"),
    Type.Literal("jwe"),
    Type.Literal("age"),
    Type.Literal("tls"),
  ]),
  /** `key`: SHA-256 of the recipient's public key. */
  recipient: Type.Optional(DIGEST),
  /** `pair`: the two principals, and which of them they went to. */
  master: Type.Optional(NAME),
  slave: Type.Optional(NAME),
  to: Type.Optional(Type.Union([Type.Literal("master"), Type.Literal("slave")])),
  /** Digest of the intent that custodians approved. */
  intent: Type.Optional(DIGEST),
});
