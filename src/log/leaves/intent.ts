import { Type } from "typebox";
import { FINGERPRINT, INTENT_DOCUMENT, PERSON } from "./command.ts";
import { DIGEST, leafSchema, REASON } from "./fields.ts";

/**
 * What became of an intent. That it was executed is said by the leaf of what was done, which names its
 * digest. All that is needed to check the approvals is in here: document, public keys, signatures.
 */
export const INTENT = leafSchema("intent", {
  op: Type.Union([
    Type.Literal("create"),
    Type.Literal("approve"),
    Type.Literal("withdraw"),
    Type.Literal("expire"),
  ]),
  /** SHA-256 of the document's canonical JSON. */
  intent: DIGEST,
  /** When it is created. */
  document: Type.Optional(INTENT_DOCUMENT),
  /** Of an approval: who, by which key, and the SSHSIG in base64. */
  person: Type.Optional(PERSON),
  key: Type.Optional(FINGERPRINT),
  signature: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9+/]{1,2700}={0,2}$" })),
  reason: Type.Optional(REASON),
});
