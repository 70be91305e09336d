import { Type } from "typebox";
import { leafSchema, NAME, SHAPE } from "./fields.ts";

/** The first leaf of every start. */
export const SERVICE_START = leafSchema("service_start", {
  version: NAME,
  /** First 16 hex digits of the SHA-256 of the configuration. */
  configuration: NAME,
  /** SHA-256 of the program's files. */
  build: NAME,
  shape: SHAPE,
  /** Whether keys were sealed, where there is a seal. */
  sealed: Type.Optional(Type.Boolean()),
});
