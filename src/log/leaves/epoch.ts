import { Type } from "typebox";
import { COUNT, DIGEST, leafSchema, NAME, REASON } from "./fields.ts";

/** What became of the key that wraps all keys. */
export const EPOCH = leafSchema("epoch", {
  op: Type.Union([
    Type.Literal("create"),
    Type.Literal("open"),
    Type.Literal("close"),
    Type.Literal("rotate"),
  ]),
  /** Of `rotate`: the new one. */
  epoch: COUNT,
  /** The slot that it was made for or opened by; null where none had a part in it. */
  slot: Type.Union([NAME, Type.Null()]),
  reason: Type.Union([REASON, Type.Null()]),
  /** Of `rotate`: key versions that were taken over. */
  materials: Type.Optional(COUNT),
  /** Of `open` by a recovery slot: digest of the intent that custodians approved, used up by it. */
  intent: Type.Optional(DIGEST),
});
