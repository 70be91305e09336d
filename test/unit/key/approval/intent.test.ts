import { describe, expect, test } from "vitest";
import type { CustodianKey } from "../../../../src/key/approval/custodian.ts";
import { bootstrap } from "../../../../src/key/approval/custodian.ts";
import {
  approve,
  countApprovals,
  documentText,
  executed,
  type Intent,
  namespaceOf,
  newIntent,
  stateAt,
  withdraw,
} from "../../../../src/key/approval/intent.ts";
import type { IntentDocument } from "../../../../src/port/approval.ts";
import type { Refusal } from "../../../../src/port/errors.ts";
import { testCustodian, type TestCustodian } from "./custodians.ts";

const ADA = testCustodian("ada");
const ADA_AGAIN = testCustodian("ada", "ecdsa");
const BEN = testCustodian("ben", "ecdsa");
const CLEO = testCustodian("cleo", "sk-ed25519");
const STRANGER = testCustodian("ada");

const registered = (
  ...who: readonly (readonly [TestCustodian, readonly string[]])[]
): readonly CustodianKey[] => {
  const enrolments = who.map(([{ person, line }, principals]) => ({
    person,
    publicKey: line,
    principals,
  }));
  return bootstrap([], enrolments, 1, 0) as readonly CustodianKey[];
};
const CUSTODIANS = registered([ADA, ["p-ada"]], [ADA_AGAIN, []], [BEN, ["p-ben"]], [CLEO, []]);

const DOCUMENT: IntentDocument = {
  v: 1,
  deployment: "log.example/test",
  id: "in-1",
  command: { op: "key.destroy", key: "k-1", version: 2 },
  requester: "p-owner",
  reason: null,
  revision: 7,
  required: 2,
  created: 1000,
  expires: 2000,
};
const PRESENT = { atMilliseconds: 1500, revision: 7, custodians: CUSTODIANS, required: 2 };

function signed(
  intent: Intent,
  who: TestCustodian,
  {
    document = intent.document,
    namespace = namespaceOf(document),
    poster = "p-courier",
    at = 1500,
    custodians = CUSTODIANS,
  } = {},
): Intent | Refusal {
  const armored = who.sign(documentText(document), namespace);
  return approve(intent, armored, custodians, { poster, atMilliseconds: at });
}

const taken = (result: Intent | Refusal): Intent => {
  if ("code" in result) throw new Error(`${result.code}: ${result.detail}`);
  return result;
};
const pending = newIntent(DOCUMENT);
const once = taken(signed(pending, ADA));
const approved = taken(signed(once, BEN));

test("two people's signatures approve it, and it is executed once", () => {
  expect(pending.state).toBe("pending");
  expect(once.state).toBe("pending");
  expect(approved.state).toBe("approved");
  expect(countApprovals(approved, PRESENT)).toEqual(["ada", "ben"]);
  const done = executed(approved, 1500);
  expect(countApprovals(done, PRESENT)).toMatchObject({ code: "conflict" });
  expect(signed(done, CLEO)).toMatchObject({ code: "conflict" });
  expect(withdraw(done, 1500)).toMatchObject({ code: "conflict" });
});

describe("does not count as an approval:", () => {
  const refused = (result: Intent | Refusal, why: RegExp): void => {
    expect(result).toMatchObject({ code: "approval_refused", detail: expect.stringMatching(why) });
  };

  test("the same signature again", () => refused(signed(once, ADA), /approved it already/));
  test("another key of the same person", () =>
    refused(signed(once, ADA_AGAIN), /people are counted, and not keys/));
  test("a signature over another digest", () => {
    const command = { op: "key.destroy", key: "k-1", version: 3 } as const;
    const document = { ...DOCUMENT, command };
    refused(signed(once, BEN, { document }), /over the document/);
  });
  test("a signature over an intent that is the same but for its id", () =>
    refused(signed(once, BEN, { document: { ...DOCUMENT, id: "in-2" } }), /over the document/));
  test("a signature for another deployment", () =>
    refused(signed(once, BEN, { namespace: "approval@other" }), /another namespace/));
  test("a signature for another use", () =>
    refused(signed(once, BEN, { namespace: "file" }), /another namespace/));
  test("a key that nobody enrolled, whatever its owner is called", () =>
    refused(signed(once, STRANGER), /no custodian's/));
  test("a key that was removed", () => {
    const custodians = CUSTODIANS.map((key) => ({ ...key, removedMilliseconds: 1200 }));
    refused(signed(once, BEN, { custodians }), /no custodian's/);
  });
  test("one that the requester brings", () =>
    refused(signed(once, BEN, { poster: "p-owner" }), /what they asked for/));
  test("one by the person who asked, whoever brings it", () => {
    const own = newIntent({ ...DOCUMENT, requester: "p-ben" });
    refused(signed(own, BEN), /ben asked for it/);
    expect(taken(signed(own, ADA)).approvals).toHaveLength(1);
  });
  test("one by another key of the person who asked", () =>
    refused(signed(newIntent({ ...DOCUMENT, requester: "p-ada" }), ADA_AGAIN), /ada asked for it/));
  test("what is no signature", () =>
    refused(
      approve(pending, "yes", CUSTODIANS, { poster: "p", atMilliseconds: 1500 }),
      /no SSH signature/,
    ));
});

describe("is not executed:", () => {
  test("with fewer people than it needs", () =>
    expect(countApprovals(once, PRESENT)).toMatchObject({ code: "approval_required" }));
  test("after its time", () => {
    expect(stateAt(approved, 1999)).toBe("approved");
    expect(stateAt(approved, 2000)).toBe("expired");
    expect(countApprovals(approved, { ...PRESENT, atMilliseconds: 2000 })).toMatchObject({
      code: "conflict",
      detail: expect.stringContaining("expired"),
    });
    expect(signed(once, BEN, { at: 2000 })).toMatchObject({ code: "conflict" });
  });
  test("when what it acts on was changed since", () =>
    expect(countApprovals(approved, { ...PRESENT, revision: 8 })).toMatchObject({
      code: "revision_changed",
    }));
  test("when somebody who approved is no custodian any more", () => {
    const custodians = CUSTODIANS.map((key) =>
      key.person === "ben" ? { ...key, removedMilliseconds: 1600 } : key,
    );
    expect(countApprovals(approved, { ...PRESENT, custodians })).toMatchObject({
      code: "approval_required",
    });
    const more = taken(signed(approved, CLEO));
    expect(countApprovals(more, { ...PRESENT, custodians })).toEqual(["ada", "cleo"]);
  });
  test("when somebody who approved turns out to be who asked", () => {
    const custodians = CUSTODIANS.map((key) =>
      key.person === "ben" ? { ...key, principals: ["p-owner"] } : key,
    );
    expect(countApprovals(approved, { ...PRESENT, custodians })).toMatchObject({
      code: "approval_required",
    });
  });
  test("when the policy asks for more by now", () =>
    expect(countApprovals(approved, { ...PRESENT, required: 3 })).toMatchObject({
      code: "approval_required",
    }));
  test("once it was withdrawn", () => {
    const gone = taken(withdraw(approved, 1500));
    expect(countApprovals(gone, PRESENT)).toMatchObject({ code: "conflict" });
    expect(signed(gone, CLEO)).toMatchObject({ code: "conflict" });
  });
});

describe("the first custodians", () => {
  const enrolment = ({ person, line }: TestCustodian) => ({
    person,
    publicKey: line,
    principals: [],
  });

  test("are as many people as the strictest operation needs", () => {
    expect(bootstrap([], [ADA, ADA_AGAIN].map(enrolment), 2, 0)).toMatchObject({
      code: "invalid_parameter",
      detail: "1 people cannot give 2 approvals.",
    });
    expect(bootstrap([], [ADA, BEN].map(enrolment), 2, 0)).toHaveLength(2);
  });
  test("come once", () =>
    expect(bootstrap(CUSTODIANS, [ADA, BEN].map(enrolment), 2, 0)).toMatchObject({
      code: "conflict",
    }));
  test("do not come back once all were removed", () => {
    const removed = CUSTODIANS.map((key) => ({ ...key, removedMilliseconds: 1 }));
    expect(bootstrap(removed, [CLEO, BEN].map(enrolment), 2, 0)).toMatchObject({
      code: "conflict",
    });
  });
  test("have different keys", () =>
    expect(bootstrap([], [ADA, { ...ADA, person: "ben" }].map(enrolment), 2, 0)).toMatchObject({
      code: "conflict",
    }));
});
