import { Type } from "typebox";
import { COUNT, DIGEST, leafSchema, NAME, REASON, TIME } from "./fields.ts";

/** A key version's end: asked for, called off, or done. That it is destroyed is a leaf of its own. */
export const DESTRUCTION = leafSchema("destruction", {
  op: Type.Union([Type.Literal("schedule"), Type.Literal("cancel"), Type.Literal("receipt")]),
  key: NAME,
  version: COUNT,
  /** Digest of the approved intent. */
  intent: DIGEST,
  /** Of a schedule: until then it can be called off. */
  due: Type.Optional(TIME),
  reason: Type.Optional(REASON),
  /** Of a receipt: SHA-256 of the text that was signed, and the epoch that is over. */
  statement: Type.Optional(DIGEST),
  epoch: Type.Optional(COUNT),
});
