import { describe, expect, test } from "vitest";
import { digestOf, documentText, namespaceOf } from "../../../src/key/approval/intent.ts";
import { parseSshPublicKey, type SshPublicKey } from "../../../src/key/approval/sshKey.ts";
import { encodeLeaf, type Leaf, type LeafOf } from "../../../src/log/leaf.ts";
import type { Command, IntentDocument } from "../../../src/port/approval.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { verifyLog } from "../../../src/verify/verifyLog.ts";
import { testCustodian, type TestCustodian } from "../key/approval/custodians.ts";
import { copyOf, serviceStart, SIGNER } from "../log/logs.ts";

/* Logs that were signed whole: each tree is well formed, and one leaf in it cannot follow from the others. */

const AT = 1_767_225_600_000;
const HOUR = 3_600_000;
const ORIGIN = SIGNER.verifier.name;

const faultOf = (leaves: readonly Leaf[]) => {
  const copy = copyOf(leaves.map((leaf) => encodeLeaf(leaf).toString()));
  return verifyLog(copy, [], leafRules(copy)).fault;
};

const key = (more: Partial<LeafOf<"key">>): Leaf => ({
  v: 1,
  kind: "key",
  at: AT + 1,
  actor: "p-1",
  op: "create",
  key: "k-1",
  version: 1,
  from: null,
  to: "active",
  revision: 1,
  ...more,
});

const START = serviceStart();
const CREATED = key({ exportable: true });
const SUSPENDED = key({ op: "suspend", from: "active", to: "suspended", revision: 2 });
const RESTORED = { op: "restore", from: "suspended", to: "active", revision: 3 } as const;

const [ADA, BEN, CYD, DAN] = ["ada", "ben", "cyd", "dan"].map((name) => testCustodian(name)) as [
  TestCustodian,
  TestCustodian,
  TestCustodian,
  TestCustodian,
];
const sshKeyOf = ({ line }: TestCustodian): SshPublicKey => parseSshPublicKey(line)!;

const custodian = (
  op: LeafOf<"custodian">["op"],
  people: readonly TestCustodian[],
  more: Partial<LeafOf<"custodian">> = {},
): Leaf => ({
  v: 1,
  kind: "custodian",
  at: AT + 2,
  actor: "p-admin",
  op,
  keys: people.map((who) => ({
    person: who.person,
    key: sshKeyOf(who).fingerprint,
    publicKey: who.line,
    // Cyd is the person behind the principal p-cyd.
    principals: who === CYD ? ["p-cyd"] : [],
  })),
  ...more,
});
const BOOTSTRAP = custodian("bootstrap", [ADA, BEN, CYD]);
const OTHERS_FINGERPRINT = ((leaf) => {
  const [key] = (leaf as LeafOf<"custodian">).keys;
  return { ...leaf, keys: [{ ...key!, key: sshKeyOf(BEN).fingerprint }] } as Leaf;
})(BOOTSTRAP);

/** Something that is asked for, and what is done with it. */
function asked(command: Command, more: Partial<IntentDocument> = {}) {
  const document: IntentDocument = {
    v: 1,
    deployment: ORIGIN,
    id: "in-1",
    command,
    requester: "p-1",
    reason: null,
    revision: 2,
    required: 2,
    created: AT + 10,
    expires: AT + HOUR,
    ...more,
  };
  const intent = digestOf(document);
  const leaf = (op: LeafOf<"intent">["op"], fields: Partial<LeafOf<"intent">>): Leaf => ({
    v: 1,
    kind: "intent",
    at: document.created,
    actor: "p-courier",
    op,
    intent,
    ...fields,
  });
  const signed = (who: TestCustodian, text: string, namespace = namespaceOf(document)) =>
    who
      .sign(text, namespace)
      .split("\n")
      .filter((line) => !line.startsWith("-"))
      .join("");
  return {
    intent,
    created: leaf("create", { actor: document.requester, document }),
    by: (who: TestCustodian, fields: Partial<LeafOf<"intent">> = {}, text?: string) =>
      leaf("approve", {
        at: AT + 20,
        person: who.person,
        key: sshKeyOf(who).fingerprint,
        signature: signed(who, text ?? documentText(document)),
        ...fields,
      }),
    leaf,
  };
}

const RESTORE = asked({ op: "key.restore", key: "k-1", version: 1 });
const restored = (intent: string, more: Partial<LeafOf<"key">> = {}) =>
  key({ ...RESTORED, at: AT + 30, intent, ...more });
const BEGUN = [START, BOOTSTRAP, CREATED, SUSPENDED] as const;
const APPROVED = [RESTORE.created, RESTORE.by(ADA), RESTORE.by(BEN)] as const;

const RECIPIENT = "a".repeat(64);
const EXPORT = asked(
  { op: "key.export", key: "k-1", version: 1, recipient: RECIPIENT },
  { revision: 1 },
);
const exported = (more: Partial<LeafOf<"export">> = {}): Leaf => ({
  v: 1,
  kind: "export",
  at: AT + 30,
  actor: "p-1",
  of: "key",
  keys: ["k-1"],
  version: 1,
  scheme: "hpke",
  recipient: RECIPIENT,
  intent: EXPORT.intent,
  ...more,
});
const pair = (to: "master" | "slave", more: Partial<LeafOf<"export">> = {}): Leaf => ({
  v: 1,
  kind: "export",
  at: AT,
  actor: "p-m",
  of: "pair",
  keys: ["u-1"],
  scheme: "tls",
  master: "p-m",
  slave: "p-s",
  to,
  ...more,
});
const MAY_LEAVE = [
  START,
  BOOTSTRAP,
  CREATED,
  EXPORT.created,
  EXPORT.by(ADA),
  EXPORT.by(BEN),
] as const;

const DEACTIVATED = key({ op: "deactivate", from: "active", to: "deactivated", revision: 2 });
const DESTROY = asked({ op: "key.destroy", key: "k-1", version: 1 });
const destruction = (
  op: LeafOf<"destruction">["op"],
  more: Partial<LeafOf<"destruction">> = {},
): Leaf => ({
  v: 1,
  kind: "destruction",
  at: AT + 30,
  actor: "p-1",
  op,
  key: "k-1",
  version: 1,
  intent: DESTROY.intent,
  ...(op === "schedule" ? { due: AT + 2 * HOUR } : {}),
  ...(op === "receipt" ? { statement: "b".repeat(64), epoch: 2 } : {}),
  ...more,
});
const epoch = (op: LeafOf<"epoch">["op"], number: number, slot: string | null = null): Leaf => ({
  v: 1,
  kind: "epoch",
  at: AT,
  actor: "p-admin",
  op,
  epoch: number,
  slot,
  reason: null,
});
const destroyed = (more: Partial<LeafOf<"key">> = {}) =>
  key({
    op: "destroy",
    from: "deactivated",
    to: "destroyed",
    revision: 3,
    at: AT + 2 * HOUR,
    intent: DESTROY.intent,
    ...more,
  });
const DOOMED = [
  START,
  BOOTSTRAP,
  epoch("create", 1, "s-1"),
  CREATED,
  DEACTIVATED,
  DESTROY.created,
  DESTROY.by(ADA),
  DESTROY.by(BEN),
] as const;
const SCHEDULED = [...DOOMED, destruction("schedule")] as const;
const DESTROYED = [...SCHEDULED, destroyed()] as const;

const ENROL = asked(
  { op: "custodian.enrol", person: "dan", publicKey: DAN.line, principals: [] },
  { revision: null },
);
const enrolled = custodian("enrol", [DAN], { at: AT + 30, intent: ENROL.intent });
const MAY_ENROL = [START, BOOTSTRAP, ENROL.created, ENROL.by(ADA), ENROL.by(BEN)] as const;

const REMOVE = asked(
  { op: "custodian.remove", fingerprint: sshKeyOf(BEN).fingerprint },
  { id: "in-2", revision: null },
);
const BEN_IS_REMOVED = [
  REMOVE.created,
  REMOVE.by(ADA),
  REMOVE.by(CYD),
  custodian("remove", [BEN], { at: AT + 25, intent: REMOVE.intent }),
] as const;

const certificate = (
  op: LeafOf<"certificate">["op"],
  serial: string,
  more: Partial<LeafOf<"certificate">> = {},
): Leaf => ({
  v: 1,
  kind: "certificate",
  at: AT,
  actor: "p-admin",
  op,
  serial,
  certificate: "c".repeat(64),
  ...more,
});
const AUTHORITY = [START, CREATED, certificate("authority", "01", { key: "k-1", version: 1 })];

const slot = (op: LeafOf<"slot">["op"], id: string, of: number): Leaf => ({
  v: 1,
  kind: "slot",
  at: AT,
  actor: "p-admin",
  op,
  slot: id,
  slotKind: "passphrase",
  epoch: of,
});
const VAULT = [START, epoch("create", 1, "s-1")];
const PAPER = "slot-0123456789abcdef";
const WITH_RECOVERY: readonly Leaf[] = [
  START,
  BOOTSTRAP,
  epoch("create", 1, "s-1"),
  { ...(slot("add", PAPER, 1) as LeafOf<"slot">), recovery: true },
  epoch("close", 1),
];
const RECOVER = asked({ op: "seal.recover", slot: PAPER }, { revision: 1 });
const recovered = (intent?: string, by = PAPER): Leaf => ({
  ...(epoch("open", 1, by) as LeafOf<"epoch">),
  at: AT + 30,
  ...(intent === undefined ? {} : { intent }),
});
const LEAVE = [RECOVER.created, RECOVER.by(ADA), RECOVER.by(BEN)] as const;

const COMPROMISED = key({ op: "compromise", from: "active", to: "compromised", revision: 2 });
const PROCESS = asked({ op: "key.process", key: "k-1", version: 1, hours: 1 });
const processed = (more: Partial<LeafOf<"key">> = {}) =>
  key({
    op: "process",
    from: "compromised",
    to: "compromised",
    revision: 3,
    at: AT + 30,
    until: AT + HOUR,
    ...more,
  });
const MAY_PROCESS = [
  START,
  BOOTSTRAP,
  CREATED,
  COMPROMISED,
  PROCESS.created,
  PROCESS.by(ADA),
  PROCESS.by(BEN),
] as const;

describe("what the service does is no fault", () => {
  test.each<[string, readonly Leaf[]]>([
    [
      "changes of a key",
      [START, CREATED, SUSPENDED, START, key({ op: "rotate", version: 2, revision: 3 })],
    ],
    ["an approved restoration", [...BEGUN, ...APPROVED, restored(RESTORE.intent)]],
    ["three who approved where two are asked for", [...BEGUN, ...APPROVED, RESTORE.by(CYD)]],
    [
      "an act that was decided in time and waited for its turn",
      [...BEGUN, ...APPROVED, restored(RESTORE.intent, { at: AT + HOUR + 59_999 })],
    ],
    [
      "one that is withdrawn, and one that expires",
      [
        ...BEGUN,
        RESTORE.created,
        RESTORE.leaf("withdraw", { actor: "p-1" }),
        EXPORT.created,
        EXPORT.by(ADA),
        EXPORT.leaf("expire", { actor: "springhouse", at: AT + HOUR }),
      ],
    ],
    ["an approved export", [...MAY_LEAVE, exported()]],
    [
      "a recovery slot that opens with leave",
      [...WITH_RECOVERY, ...LEAVE, recovered(RECOVER.intent)],
    ],
    ["another slot beside a recovery slot", [...WITH_RECOVERY, recovered(undefined, "s-1")]],
    ["a compromised version with leave", [...MAY_PROCESS, processed({ intent: PROCESS.intent })]],
    ["keys of a pair, each once", [START, pair("master"), pair("slave")]],
    [
      "a destruction with its receipt",
      [...DESTROYED, epoch("rotate", 2), slot("retire", "s-1", 1), destruction("receipt")],
    ],
    [
      "a destruction that is called off, and asked for again",
      [
        ...SCHEDULED,
        destruction("cancel"),
        ...((again) => [
          again.created,
          again.by(ADA),
          again.by(BEN),
          destruction("schedule", { intent: again.intent }),
        ])(asked({ op: "key.destroy", key: "k-1", version: 1 }, { id: "in-2" })),
      ],
    ],
    ["a custodian who is let in", [...MAY_ENROL, enrolled]],
    ["a custodian who is let go", [START, BOOTSTRAP, ...BEN_IS_REMOVED]],
    [
      "certificates",
      [...AUTHORITY, certificate("issue", "02"), certificate("revoke", "02", { reason: "x" })],
    ],
    [
      "slots and epochs",
      [
        ...VAULT,
        epoch("close", 1),
        epoch("open", 1, "s-1"),
        slot("add", "s-2", 1),
        slot("remove", "s-1", 1),
        epoch("rotate", 2),
        slot("retire", "s-1", 1),
        epoch("open", 2, "s-2"),
      ],
    ],
  ])("%s", (_what, leaves) => {
    expect(faultOf(leaves)).toBeNull();
  });
});

const withIntent = (more: Partial<IntentDocument>) =>
  asked({ op: "key.restore", key: "k-1", version: 1 }, more);
const whole = (intent: ReturnType<typeof asked>) => [
  intent.created,
  intent.by(ADA),
  intent.by(BEN),
  restored(intent.intent),
];

/** Each: what it is, whether the last leaf is the bad one (or how many before it), why, the log. */
const FORGERIES: readonly [string, string, readonly Leaf[], after?: number][] = [
  ["a log that does not begin with a start", "no start", [CREATED]],
  ["a change before the birth", "before its birth", [START, SUSPENDED]],
  [
    "a revision that is left out",
    "revision 3 where 2",
    [START, CREATED, key({ ...SUSPENDED, revision: 3 } as Partial<LeafOf<"key">>)],
  ],
  [
    "a state that the key is not in",
    "is active",
    [START, CREATED, key({ op: "deactivate", from: "suspended", to: "deactivated", revision: 2 })],
  ],
  ["a restoration that nobody approved", "approved intent", [...BEGUN, key(RESTORED)]],
  [
    "a restoration by an intent that is not there",
    "not in the log before it",
    [...BEGUN, restored(RESTORE.intent)],
  ],
  [
    "an intent that is asked for after it was used",
    "not in the log before it",
    [...BEGUN, restored(RESTORE.intent), ...APPROVED],
    3,
  ],
  [
    "an intent that one person approved where two are needed",
    "needs the approval of 2",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA), restored(RESTORE.intent)],
  ],
  [
    "an intent that the same person approved twice",
    "already",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA), RESTORE.by(ADA)],
  ],
  [
    "an approval of somebody who is no custodian",
    "no custodian's",
    [...BEGUN, RESTORE.created, RESTORE.by(DAN)],
  ],
  [
    "an approval that is said to be another's",
    "does not name",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA, { person: "ben" })],
  ],
  [
    "an approval by the person who asked",
    "nobody approves what they asked for",
    ((intent) => [...BEGUN, intent.created, intent.by(CYD)])(withIntent({ requester: "p-cyd" })),
  ],
  [
    "an approval that the principal who asked has brought",
    "Nobody approves",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA, { actor: "p-1" })],
  ],
  [
    "a signature over another document",
    "no signature over",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA, {}, "{}")],
  ],
  [
    "an approval after the end",
    "expired",
    [...BEGUN, RESTORE.created, RESTORE.by(ADA, { at: AT + HOUR })],
  ],
  [
    "an act after the end of its intent",
    "expired",
    [...BEGUN, ...APPROVED, restored(RESTORE.intent, { at: AT + HOUR + 60_001 })],
  ],
  [
    "an expiry before its time",
    "not expired",
    [...BEGUN, RESTORE.created, RESTORE.leaf("expire", { at: AT + HOUR - 1 })],
  ],
  [
    "an act whose intent was withdrawn",
    "withdrawn",
    [...BEGUN, ...APPROVED, RESTORE.leaf("withdraw", { at: AT + 25 }), restored(RESTORE.intent)],
  ],
  [
    "an intent that is used twice",
    "executed",
    [
      ...BEGUN,
      ...APPROVED,
      restored(RESTORE.intent),
      key({ op: "suspend", from: "active", to: "suspended", revision: 4 }),
      restored(RESTORE.intent, { revision: 5 }),
    ],
  ],
  [
    "an act on a key that was changed since it was asked for",
    "approved for revision 2",
    [
      ...BEGUN,
      ...APPROVED,
      key({ op: "policy", version: null, to: null, revision: 3 }),
      restored(RESTORE.intent, { revision: 4 }),
    ],
  ],
  [
    "an act on another key than was approved",
    "another act",
    [
      ...BEGUN,
      key({ key: "k-2" }),
      key({ key: "k-2", op: "suspend", from: "active", to: "suspended", revision: 2 }),
      ...APPROVED,
      restored(RESTORE.intent, { key: "k-2" }),
    ],
  ],
  [
    "another act than was approved",
    "another act",
    [...BEGUN, ...APPROVED, key({ ...DEACTIVATED, intent: RESTORE.intent } as never)],
  ],
  [
    "an approval of somebody who is a custodian no more when it counts",
    "needs the approval of 2",
    [...BEGUN, ...APPROVED, ...BEN_IS_REMOVED, restored(RESTORE.intent)],
  ],
  [
    "an intent of another deployment",
    "another deployment",
    [...BEGUN, ...whole(withIntent({ deployment: "log.example/other" }))],
    3,
  ],
  [
    "an intent whose digest is another's",
    "not that of its document",
    [...BEGUN, { ...RESTORE.created, intent: "d".repeat(64) } as Leaf],
  ],
  [
    "an intent that somebody else asked for",
    "somebody else",
    [...BEGUN, { ...RESTORE.created, actor: "p-2" }],
  ],
  ["an intent that is made twice", "twice", [...BEGUN, RESTORE.created, RESTORE.created]],
  [
    "an intent that was made at another time than it says",
    "other times",
    [...BEGUN, { ...RESTORE.created, at: AT }],
  ],
  [
    "an intent that does not say what for",
    "does not say what",
    [...BEGUN, without(RESTORE.created, "document")],
  ],
  [
    "an expiry of what was withdrawn",
    "not expired",
    [
      ...BEGUN,
      RESTORE.created,
      RESTORE.leaf("withdraw", { at: AT + 25 }),
      RESTORE.leaf("expire", { at: AT + HOUR }),
    ],
  ],
  ["an approval of nothing", "nobody asked", [...BEGUN, RESTORE.by(ADA)]],

  [
    "an export that nobody approved",
    "nobody approved",
    [...MAY_LEAVE, without(exported(), "intent")],
  ],
  [
    "an export to another recipient than was approved",
    "another act",
    [...MAY_LEAVE, exported({ recipient: "e".repeat(64) })],
  ],
  ["an export that is repeated", "executed", [...MAY_LEAVE, exported(), exported()]],
  [
    "an export of a key that is not there",
    "no version 1",
    [...MAY_LEAVE, exported({ keys: ["k-7"] })],
  ],
  [
    "an export of a version that is not there",
    "no version 2",
    [...MAY_LEAVE, exported({ version: 2 })],
  ],
  [
    "an export of a key that is not exportable",
    "not exportable",
    [START, BOOTSTRAP, key({}), ...MAY_LEAVE.slice(3), exported()],
  ],
  [
    "an export of a key that is suspended",
    "left while it was suspended",
    [...MAY_LEAVE, SUSPENDED, exported()],
  ],
  [
    "an export of a key that is destroyed",
    "left while it was destroyed",
    [...DESTROYED, ...MAY_LEAVE.slice(3), exported()],
  ],
  ["a pair's key that the slave gets first", "not there for the slave", [START, pair("slave")]],
  ["a pair of nobody", "which two", [START, without(pair("master"), "master")]],
  [
    "a pair's key that goes to the slave twice",
    "not any more",
    [START, pair("master"), pair("slave"), pair("slave")],
  ],
  [
    "a pair's key that goes to a third",
    "not there",
    [START, pair("master"), pair("slave", { slave: "p-eve" })],
  ],
  [
    "a pair's key that the master gets twice",
    "not there for the master",
    [START, pair("master"), pair("slave"), pair("master")],
  ],

  [
    "a destruction of a key that is active",
    "is active",
    ((intent) => [
      ...DOOMED.slice(0, 4),
      intent.created,
      intent.by(ADA),
      intent.by(BEN),
      destruction("schedule", { intent: intent.intent }),
    ])(asked({ op: "key.destroy", key: "k-1", version: 1 }, { revision: 1 })),
  ],
  [
    "a destruction of a version that is not there",
    "no version 2",
    ((intent) => [
      ...DOOMED.slice(0, 5),
      intent.created,
      intent.by(ADA),
      intent.by(BEN),
      destruction("schedule", { intent: intent.intent, version: 2 }),
    ])(asked({ op: "key.destroy", key: "k-1", version: 2 })),
  ],
  [
    "a destruction that does not say when",
    "when it is due",
    [...DOOMED, without(destruction("schedule"), "due")],
  ],
  [
    "a receipt without a statement",
    "does not name its statement",
    [...DESTROYED, epoch("rotate", 2), without(destruction("receipt"), "statement")],
  ],
  [
    "a destruction that nobody approved",
    "needs the approval of 2",
    [...DOOMED.slice(0, -1), destruction("schedule")],
  ],
  [
    "a destruction that is scheduled for a key that was changed",
    "approved for revision 2",
    [
      ...DOOMED,
      key({ op: "policy", version: null, to: null, revision: 3 }),
      destruction("schedule"),
    ],
  ],
  [
    "a destruction before it is due",
    "before its destruction was due",
    [...SCHEDULED, destroyed({ at: AT + 2 * HOUR - 1 })],
  ],
  [
    "a destruction that was called off",
    "no destruction of it is scheduled",
    [...SCHEDULED, destruction("cancel"), destroyed()],
  ],
  [
    "a destruction of another version",
    "no destruction of it is scheduled",
    [...SCHEDULED, destroyed({ version: 2 })],
  ],
  [
    "a destruction that was never scheduled",
    "no destruction of it is scheduled",
    [...DOOMED, destroyed()],
  ],
  [
    "a destruction that is scheduled twice",
    "under way already",
    ((again) => [
      ...SCHEDULED,
      again.created,
      again.by(ADA),
      again.by(BEN),
      destruction("schedule", { intent: again.intent }),
    ])(asked({ op: "key.destroy", key: "k-1", version: 1 }, { id: "in-2" })),
  ],
  [
    "a destruction that is called off when it is done",
    "is scheduled",
    [...DESTROYED, destruction("cancel")],
  ],
  [
    "a receipt of a destruction that was not done",
    "is removed",
    [...SCHEDULED, epoch("rotate", 2), destruction("receipt")],
  ],
  ["a receipt while the epoch goes on", "not ended", [...DESTROYED, destruction("receipt")]],
  [
    "a receipt that names the epoch which wrapped it",
    "not ended",
    [...DESTROYED, epoch("rotate", 2), destruction("receipt", { epoch: 1 })],
  ],
  [
    "two receipts",
    "is removed",
    [...DESTROYED, epoch("rotate", 2), destruction("receipt"), destruction("receipt")],
  ],

  ["a second bootstrap", "only they can let in", [START, BOOTSTRAP, custodian("bootstrap", [DAN])]],
  [
    "a custodian whom nobody approved",
    "nobody approved",
    [...MAY_ENROL, without(enrolled, "intent")],
  ],
  ["a custodian by too few approvals", "needs the approval", [...MAY_ENROL.slice(0, -1), enrolled]],
  [
    "another act than the enrolment that was approved",
    "another act",
    [...MAY_ENROL, CREATED, SUSPENDED, restored(ENROL.intent)],
  ],
  [
    "somebody let go who is no custodian",
    "is no custodian's key",
    ((intent) => [
      START,
      BOOTSTRAP,
      intent.created,
      intent.by(ADA),
      intent.by(BEN),
      custodian("remove", [DAN], { at: AT + 30, intent: intent.intent }),
    ])(
      asked({ op: "custodian.remove", fingerprint: sshKeyOf(DAN).fingerprint }, { revision: null }),
    ),
  ],
  [
    "another custodian than was approved",
    "another act",
    [
      ...MAY_ENROL,
      custodian("enrol", [testCustodian("dan")], { at: AT + 30, intent: ENROL.intent }),
    ],
  ],
  ["a fingerprint that is another key's", "a fingerprint in it", [START, OTHERS_FINGERPRINT]],
  [
    "a custodian who is let go twice",
    "executed",
    [START, BOOTSTRAP, ...BEN_IS_REMOVED, BEN_IS_REMOVED[3]],
  ],
  [
    "a custodian who comes back",
    "does not come back",
    ((again) => [
      START,
      custodian("bootstrap", [ADA, BEN, CYD, DAN]),
      ...BEN_IS_REMOVED,
      again.created,
      again.by(ADA),
      again.by(DAN),
      custodian("enrol", [BEN], { at: AT + 30, intent: again.intent }),
    ])(
      asked(
        { op: "custodian.enrol", person: "ben", publicKey: BEN.line, principals: [] },
        { revision: null },
      ),
    ),
  ],

  ["a certificate without an authority", "no authority", [START, certificate("issue", "02")]],
  ["a serial number that is used twice", "twice", [...AUTHORITY, certificate("issue", "01")]],
  [
    "a certificate over a key that is not there",
    "not in the log before it",
    [...AUTHORITY, certificate("issue", "02", { key: "k-1", version: 2 })],
  ],
  [
    "a revocation of what was never issued",
    "never issued",
    [...AUTHORITY, certificate("revoke", "02")],
  ],
  [
    "a revocation of another certificate with that number",
    "never issued",
    [...AUTHORITY, certificate("revoke", "01", { certificate: "f".repeat(64) })],
  ],
  [
    "a certificate that is revoked twice",
    "revoked twice",
    [...AUTHORITY, certificate("revoke", "01"), certificate("revoke", "01")],
  ],

  ["a recovery slot without leave", "nobody approved", [...WITH_RECOVERY, recovered()]],
  [
    "leave for one slot used for another",
    "another act",
    [...WITH_RECOVERY, ...LEAVE, recovered(RECOVER.intent, "s-1")],
  ],
  [
    "leave for an epoch that is over",
    "revision",
    [
      ...WITH_RECOVERY,
      ...LEAVE,
      epoch("rotate", 2),
      { ...(recovered(RECOVER.intent) as LeafOf<"epoch">), epoch: 2 },
    ],
  ],
  ["a compromised version without leave", "nobody approved", [...MAY_PROCESS, processed()]],
  [
    "leave to process used for another version",
    "another act",
    [...MAY_PROCESS, processed({ intent: PROCESS.intent, version: 2 })],
  ],
  ["a vault that is made twice", "twice", [...VAULT, epoch("create", 1, "s-2")]],
  ["a vault that opens before it is made", "no vault", [START, epoch("open", 1, "s-1")]],
  ["an epoch that is left out", "epoch 3 where 1", [...VAULT, epoch("rotate", 3)]],
  [
    "a vault that opens into an epoch that is over",
    "epoch 1",
    [...VAULT, epoch("rotate", 2), epoch("open", 1, "s-1")],
  ],
  [
    "a vault that a slot opens which was removed",
    "no slot",
    [...VAULT, slot("add", "s-2", 1), slot("remove", "s-1", 1), epoch("open", 1, "s-1")],
  ],
  ["a slot that is added twice", "twice", [...VAULT, slot("add", "s-1", 1)]],
  ["a slot that is removed and was not there", "no slot", [...VAULT, slot("remove", "s-2", 1)]],
  ["a slot that is ended and never was", "never was", [...VAULT, slot("retire", "s-2", 1)]],
];

/** The leaf without one of its fields. */
function without(leaf: Leaf, field: string): Leaf {
  return Object.fromEntries(Object.entries(leaf).filter(([name]) => name !== field)) as Leaf;
}

describe("the verifier names the very leaf of a forged log, and why", () => {
  test.each(FORGERIES)("%s", (_what, detail, leaves, after = 0) => {
    const leaf = leaves.length - 1 - after;
    expect(faultOf(leaves)).toMatchObject({
      leaf,
      lastLeaf: leaf,
      detail: expect.stringContaining(detail),
    });
    // Without it all is well: it is this leaf, and no other.
    expect(faultOf(leaves.slice(0, leaf))).toBeNull();
  });
});
