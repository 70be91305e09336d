import { Type } from "typebox";
import type { Command } from "../../port/approval.ts";
import { COUNT, DIGEST, NAME, REASON, strictObject, TIME } from "./fields.ts";

const VERSION = Type.Integer({ minimum: 1 });
/** A person, as the custodians' register names them: it is in the log for ever. */
export const PERSON = Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,63}$" });
/** The types that `key/approval/sshKey.ts` can check. */
export const SSH_PUBLIC_KEY = Type.String({
  pattern:
    "^(ssh-ed25519|ecdsa-sha2-nistp256|sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com) [A-Za-z0-9+/]+={0,2}$",
  maxLength: 500,
});
export const FINGERPRINT = Type.String({ pattern: "^SHA256:[A-Za-z0-9+/]{43}$" });
/** As `key/seal/` names its slots. */
const SLOT_ID = Type.String({ pattern: "^slot-[0-9a-f]{16}$" });
export const PRINCIPALS = Type.Array(NAME, { maxItems: 16 });

/** What custodians can give leave for: see `port/approval.ts`. */
export const COMMAND = Type.Unsafe<Command>(
  Type.Union([
    strictObject({
      op: Type.Union([Type.Literal("key.restore"), Type.Literal("key.destroy")]),
      key: NAME,
      version: VERSION,
    }),
    strictObject({
      op: Type.Literal("key.process"),
      key: NAME,
      version: VERSION,
      hours: Type.Integer({ minimum: 1, maximum: 168 }),
    }),
    strictObject({
      op: Type.Literal("key.export"),
      key: NAME,
      version: VERSION,
      recipient: DIGEST,
    }),
    strictObject({
      op: Type.Literal("custodian.enrol"),
      person: PERSON,
      publicKey: SSH_PUBLIC_KEY,
      principals: PRINCIPALS,
    }),
    strictObject({ op: Type.Literal("custodian.remove"), fingerprint: FINGERPRINT }),
    strictObject({ op: Type.Literal("seal.recover"), slot: SLOT_ID }),
  ]),
);

/** What custodians sign, whole. */
export const INTENT_DOCUMENT = strictObject({
  v: Type.Literal(1),
  deployment: NAME,
  id: NAME,
  command: COMMAND,
  requester: NAME,
  reason: Type.Union([REASON, Type.Null()]),
  revision: Type.Union([COUNT, Type.Null()]),
  required: Type.Integer({ minimum: 1 }),
  created: TIME,
  expires: TIME,
});
