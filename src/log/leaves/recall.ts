import { Type } from "typebox";
import { COUNT, leafSchema, NAME, REASON, TIME } from "./fields.ts";

/** Somebody asked what depended on noise that turned out bad. */
export const RECALL = leafSchema("recall", {
  source: NAME,
  from: TIME,
  to: TIME,
  /** Keys and receipted outputs whose seed drew on it; of those, the ones without their strength now. */
  outputs: COUNT,
  failing: COUNT,
  /** Versions of keys that were suspended for it, each by a leaf of its own. */
  suspended: COUNT,
  reason: Type.Optional(REASON),
});
