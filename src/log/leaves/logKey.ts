import { Type } from "typebox";
import { leafSchema, REASON } from "./fields.ts";

const KEY = "[^\\s+]{1,255}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}";
const SIGNATURE = "— [^\\s+]{1,255} [A-Za-z0-9+/]{91}=";

/** Another key goes on with the log: see `../handover.ts`. */
export const LOG_KEY = leafSchema("log_key", {
  /** Signed by both: names them. */
  handover: Type.String({
    pattern: `^springhouse log key v1\\n${KEY}\\n${KEY}\\n\\n${SIGNATURE}\\n${SIGNATURE}\\n$`,
  }),
  reason: Type.Optional(REASON),
});
