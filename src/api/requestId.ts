import { randomBytes } from "node:crypto";

/**
 * Ids for problems and log lines: the start's own prefix and a counter. A client's X-Request-Id is
 * not taken over, so nobody can write into the log. It is a name and no secret, hence not drawn.
 */
export function requestIds(): () => string {
  const prefix = `r-${randomBytes(6).toString("hex")}-`;
  let count = 0;
  return () => prefix + (++count).toString(36);
}
