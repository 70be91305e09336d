import { Type } from "typebox";
import { SLOT_KINDS, type SlotKind } from "../../port/seal.ts";
import { COUNT, leafSchema, NAME } from "./fields.ts";

/** A way to open the vault came or went. */
export const SLOT = leafSchema("slot", {
  op: Type.Union([Type.Literal("add"), Type.Literal("remove")]),
  slot: NAME,
  slotKind: Type.Unsafe<SlotKind>(Type.Union(SLOT_KINDS.map((kind) => Type.Literal(kind)))),
  epoch: COUNT,
});
