import { Type } from "typebox";
import { COUNT, leafSchema, NAME } from "./fields.ts";

/**
 * A copy of everything was made for recovery recipients; somebody says that a drill restored it whole, or
 * that none of it is left.
 */
export const BACKUP = leafSchema("backup", {
  op: Type.Union([Type.Literal("create"), Type.Literal("drill"), Type.Literal("discard")]),
  backup: NAME,
  /** Whose key is in it; 0 for one without. */
  epoch: COUNT,
  recipients: COUNT,
});
