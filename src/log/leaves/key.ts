import { Type, type TSchema } from "typebox";
import { KEY_PURPOSES, KEY_STATES, KEY_TRANSITIONS, MANAGED_TYPES } from "../../port/key.ts";
import { BIRTH } from "./birth.ts";
import { COUNT, DIGEST, leafSchema, NAME, REASON, TIME } from "./fields.ts";

const oneOf = <T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value))));
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const STATE = oneOf(KEY_STATES);

/**
 * A change of a managed key: a birth, a transition of SP 800-57, or a change of its policy. What people
 * name their keys is not in here, nor anything of the material but a salted commitment.
 */
export const KEY = leafSchema("key", {
  op: oneOf(["create", "import", "rotate", ...KEY_TRANSITIONS, "policy"]),
  key: NAME,
  /** Null for a change that concerns the whole key. */
  version: nullable(COUNT),
  from: nullable(STATE),
  to: nullable(STATE),
  /** The key's revision after the change. */
  revision: COUNT,
  /** At the key's birth: what it is. */
  type: Type.Optional(oneOf(MANAGED_TYPES)),
  purpose: Type.Optional(oneOf(KEY_PURPOSES)),
  exportable: Type.Optional(Type.Boolean()),
  reason: Type.Optional(REASON),
  /** Of a compromise: when it happened, as far as is known. */
  occurred: Type.Optional(TIME),
  /** Of a compromised version that may process for a while: when that ends. */
  until: Type.Optional(TIME),
  /** Digest of the intent that custodians approved. */
  intent: Type.Optional(DIGEST),
  /** Of a version that was generated: the noise behind it. An imported one has none. */
  birth: Type.Optional(BIRTH),
  /** SHA-256 of the public key, for a pair. */
  publicKey: Type.Optional(DIGEST),
  /** To the version's secret, under a salt that is sealed with it: see `../commitment.ts`. */
  commitment: Type.Optional(DIGEST),
});
