import { expect, test } from "vitest";
import { encodeLeaf, type Leaf, type LeafOf } from "../../../src/log/leaf.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { verifyLog } from "../../../src/verify/verifyLog.ts";
import { copyOf, serviceStart } from "../log/logs.ts";

const key = (more: Partial<LeafOf<"key">>): Leaf => ({
  v: 1,
  kind: "key",
  at: 1_767_225_600_001,
  actor: "p-1",
  op: "create",
  key: "k-1",
  version: 1,
  from: null,
  to: "active",
  revision: 1,
  ...more,
});

const faultOf = (...leaves: readonly Leaf[]) =>
  verifyLog(copyOf(leaves.map((leaf) => encodeLeaf(leaf).toString())), [], leafRules()).fault;

const CREATED = key({});
const SUSPENDED = key({ op: "suspend", from: "active", to: "suspended", revision: 2 });

test("changes of keys that the state machine allows are no fault", () => {
  const rotated = key({ op: "rotate", version: 2, revision: 3 });
  expect(faultOf(serviceStart(), CREATED, SUSPENDED, serviceStart(), rotated)).toBeNull();
});

test.each([
  ["a log that does not begin with a start", 0, [CREATED]],
  ["a change before the birth", 1, [serviceStart(), SUSPENDED]],
  ["a revision that is left out", 2, [serviceStart(), CREATED, { ...SUSPENDED, revision: 3 }]],
  [
    "a state that the key is not in",
    2,
    [serviceStart(), CREATED, { ...SUSPENDED, from: "suspended" }],
  ],
  [
    "a restoration that nobody approved",
    3,
    [
      serviceStart(),
      CREATED,
      SUSPENDED,
      key({ op: "restore", from: "suspended", to: "active", revision: 3 }),
    ],
  ],
] as const)("%s is a fault of the very leaf", (_what, leaf, leaves) => {
  expect(faultOf(...(leaves as readonly Leaf[]))).toMatchObject({ leaf, lastLeaf: leaf });
});
