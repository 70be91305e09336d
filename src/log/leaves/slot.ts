import { Type } from "typebox";
import { SLOT_KINDS, type SlotKind } from "../../port/seal.ts";
import { COUNT, leafSchema, NAME } from "./fields.ts";

/** A way to open the vault came, went, or was ended for an epoch. */
export const SLOT = leafSchema("slot", {
  op: Type.Union([Type.Literal("add"), Type.Literal("remove"), Type.Literal("retire")]),
  slot: NAME,
  slotKind: Type.Unsafe<SlotKind>(Type.Union(SLOT_KINDS.map((kind) => Type.Literal(kind)))),
  epoch: COUNT,
  /** Of `retire`: whether a device sees to it that it opens this epoch no more. */
  assurance: Type.Optional(Type.Union([Type.Literal("hardware"), Type.Literal("best-effort")])),
  /** Of `add`: it opens with the leave of custodians alone. */
  recovery: Type.Optional(Type.Literal(true)),
});
