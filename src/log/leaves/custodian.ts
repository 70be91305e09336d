import { Type } from "typebox";
import { FINGERPRINT, PERSON, PRINCIPALS, SSH_PUBLIC_KEY } from "./command.ts";
import { DIGEST, leafSchema, strictObject } from "./fields.ts";

/** Keys of people who may approve came or went. */
export const CUSTODIAN = leafSchema("custodian", {
  /** `bootstrap`: one of the first, whom nobody could approve. */
  op: Type.Union([Type.Literal("bootstrap"), Type.Literal("enrol"), Type.Literal("remove")]),
  /** One, or all of a bootstrap. */
  keys: Type.Array(
    strictObject({
      person: PERSON,
      key: FINGERPRINT,
      publicKey: SSH_PUBLIC_KEY,
      principals: PRINCIPALS,
    }),
    { minItems: 1, maxItems: 64 },
  ),
  /** Digest of the approved intent; not of a bootstrap. */
  intent: Type.Optional(DIGEST),
});
