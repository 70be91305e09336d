import { Type } from "typebox";
import { COUNT, DIGEST, leafSchema, NAME } from "./fields.ts";

/** What the authority signed or took back. Whom it is for is in the certificate, and not in here. */
export const CERTIFICATE = leafSchema("certificate", {
  op: Type.Union([Type.Literal("authority"), Type.Literal("issue"), Type.Literal("revoke")]),
  serial: NAME,
  /** SHA-256 of the certificate. */
  certificate: DIGEST,
  /** The key of this service that it is over; left out for one that is kept elsewhere. */
  key: Type.Optional(NAME),
  version: Type.Optional(COUNT),
  reason: Type.Optional(NAME),
});
