import { KEY_STATES, KEY_TRANSITIONS } from "../../../../src/port/key.ts";
import { describe, expect, test } from "vitest";
import { allowedTransitions, transition } from "../../../../src/key/lifecycle/transition.ts";
import { replay } from "../../../../src/key/lifecycle/replay.ts";
import type { ReplayedLeaf } from "../../../../src/key/lifecycle/replay.ts";

const NO_LEAVE = { expired: false, approval: null };
const APPROVAL = {
  digest: "ab",
  key: "k-1",
  version: 1,
  transition: "destroy",
  revision: 1,
} as const;

describe("transitions", () => {
  test("a wrong state is answered with the state and what it allows", () => {
    expect(transition("deactivated", "suspend", NO_LEAVE)).toMatchObject({
      code: "conflict",
      detail:
        "The version is deactivated, which does not allow suspend. Allowed: compromise, destroy.",
      remedy: "One of: compromise, destroy.",
    });
    expect(transition("destroyed-compromised", "restore", NO_LEAVE)).toMatchObject({
      code: "conflict",
      detail: expect.stringContaining("none: this state is final"),
    });
  });

  test("what gives rights back or takes material away needs an approved intent", () => {
    expect(transition("suspended", "restore", NO_LEAVE)).toMatchObject({
      code: "approval_required",
    });
    for (const state of ["pre-activation", "deactivated", "compromised"] as const) {
      expect(transition(state, "destroy", NO_LEAVE)).toMatchObject({ code: "approval_required" });
      expect(transition(state, "destroy", { ...NO_LEAVE, approval: APPROVAL })).not.toHaveProperty(
        "code",
      );
    }
  });

  test("only a compromised version is let process, with leave, and stays compromised", () => {
    expect(transition("compromised", "process", NO_LEAVE)).toMatchObject({
      code: "approval_required",
    });
    for (const state of KEY_STATES)
      expect(transition(state, "process", { ...NO_LEAVE, approval: APPROVAL })).toMatchObject(
        state === "compromised" ? { to: "compromised" } : { code: "conflict" },
      );
  });

  test("the safe direction needs nobody's leave", () => {
    for (const state of KEY_STATES)
      for (const wanted of ["suspend", "compromise", "deactivate"] as const)
        expect(transition(state, wanted, NO_LEAVE)).not.toMatchObject({
          code: "approval_required",
        });
  });

  test("SP 800-57: no way out of destroyed but to its compromised twin", () => {
    expect(allowedTransitions("destroyed")).toEqual(["compromise"]);
    expect(allowedTransitions("destroyed-compromised")).toEqual([]);
    for (const state of KEY_STATES)
      for (const wanted of KEY_TRANSITIONS) {
        const result = transition(state, wanted, { expired: false, approval: APPROVAL });
        if ("to" in result && result.to === "active")
          expect(["pre-activation", "suspended"]).toContain(state);
      }
  });
});

const leaf = (more: Partial<ReplayedLeaf>): ReplayedLeaf => ({
  op: "suspend",
  key: "k-1",
  version: 1,
  from: "active",
  to: "suspended",
  revision: 2,
  ...more,
});
const BORN = leaf({ op: "create", from: null, to: "active", revision: 1 });

describe("replay names the first leaf that cannot be", () => {
  test.each([
    ["changed before its birth", [leaf({ revision: 1 })], 0],
    ["born twice", [BORN, BORN], 1],
    ["revision 3 where 2 comes next", [BORN, leaf({ revision: 3 })], 1],
    ["the leaf says pre-activation", [BORN, leaf({ from: "pre-activation" })], 1],
    ["does not lead from active to destroyed", [BORN, leaf({ to: "destroyed" })], 1],
    ["no destroy", [BORN, leaf({ op: "destroy", to: "destroyed" })], 1],
    ["there is no version 2", [BORN, leaf({ version: 2 })], 1],
    ["the state asleep is unknown", [BORN, leaf({ to: "asleep" as never })], 1],
    ["the operation lend is unknown", [BORN, leaf({ op: "lend" as never })], 1],
    ["born suspended", [leaf({ op: "create", from: null, revision: 1 })], 0],
    ["born out of active", [leaf({ op: "import", to: "active", revision: 1 })], 0],
    [
      "version 3 is born where 2 comes next",
      [BORN, leaf({ op: "rotate", from: null, to: "active", version: 3 })],
      1,
    ],
    ["a policy of a version", [BORN, leaf({ op: "policy", from: null, to: null })], 1],
    [
      "process without an approved intent",
      [
        BORN,
        leaf({ op: "compromise", to: "compromised" }),
        leaf({ op: "process", from: "compromised", to: "compromised", revision: 3 }),
      ],
      2,
    ],
    ["no process", [BORN, leaf({ op: "process", to: "compromised", intent: "ab" })], 1],
    [
      "restore without an approved intent",
      [BORN, leaf({}), leaf({ op: "restore", from: "suspended", to: "active", revision: 3 })],
      2,
    ],
  ])("%s", (detail, leaves, index) => {
    expect(replay(leaves)).toMatchObject({
      ok: false,
      index,
      detail: expect.stringContaining(detail),
    });
  });

  test("keys do not hurt each other", () => {
    const other = { ...BORN, key: "k-2" };
    const replayed = replay([BORN, other, leaf({}), leaf({ key: "k-2" })]);
    expect(replayed.ok && [...replayed.keys]).toEqual([
      ["k-1", { revision: 2, primary: 1, states: ["suspended"] }],
      ["k-2", { revision: 2, primary: 1, states: ["suspended"] }],
    ]);
  });
});
