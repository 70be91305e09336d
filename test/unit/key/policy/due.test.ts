import type { KeyTransition } from "../../../../src/port/key.ts";
import { describe, expect, test } from "vitest";
import { transitKey } from "../../../../src/key/lifecycle/change.ts";
import type { KeyRecord } from "../../../../src/key/lifecycle/record.ts";
import { dueMilliseconds, dueNow } from "../../../../src/key/policy/due.ts";
import { DAY, keyRecord } from "./record.ts";

const NOTHING = { operations: 0, bytes: 0 };

function moved(record: KeyRecord, transition: KeyTransition, version = record.primary): KeyRecord {
  const change = transitKey(
    record,
    { transition, version, reason: null, occurredMilliseconds: null, approval: null },
    { actor: "p-owner", atMilliseconds: 0 },
  );
  if ("ok" in change) throw new Error(change.detail);
  return change.record;
}

describe("rotation", () => {
  test("by time, counted from the primary's activation", () => {
    const record = keyRecord({ rotation: { everyDays: 30 }, rotations: [10] });
    expect(dueMilliseconds(moved(record, "deactivate", 1), 0)).toBe(40 * DAY);
    expect(dueNow(moved(record, "deactivate", 1), NOTHING, 40 * DAY - 1)).toBeNull();
    expect(dueNow(moved(record, "deactivate", 1), NOTHING, 40 * DAY)).toEqual({
      act: "rotate",
      reason: "time",
    });
  });

  test("by operations and by bytes", () => {
    const record = keyRecord({ rotation: { maximumOperations: 10, maximumBytes: 1000 } });
    expect(dueMilliseconds(record, 0)).toBeNull();
    expect(dueNow(record, { operations: 9, bytes: 999 }, 0)).toBeNull();
    expect(dueNow(record, { operations: 10, bytes: 0 }, 0)).toMatchObject({ reason: "operations" });
    expect(dueNow(record, { operations: 0, bytes: 1000 }, 0)).toMatchObject({ reason: "bytes" });
  });

  test.each(["suspend", "compromise", "deactivate"] as const)(
    "a primary after %s waits for somebody",
    (transition) => {
      const record = moved(keyRecord({ rotation: { everyDays: 1 } }), transition);
      expect(dueNow(record, NOTHING, 9 * DAY)).toBeNull();
      expect(dueMilliseconds(record, 0)).toBeNull();
    },
  );
});

describe("the end of a version", () => {
  test("a replaced version is deactivated when its overlap ends", () => {
    const record = keyRecord({ rotation: { overlapDays: 7 }, rotations: [1] });
    expect(dueMilliseconds(record, 0)).toBe(8 * DAY);
    expect(dueNow(record, NOTHING, 8 * DAY - 1)).toBeNull();
    expect(dueNow(record, NOTHING, 8 * DAY)).toEqual({
      act: "deactivate",
      version: 1,
      reason: "overlap",
    });
    expect(dueNow(moved(record, "deactivate", 1), NOTHING, 8 * DAY)).toBeNull();
  });

  test("without an overlap at once", () => {
    const record = keyRecord({ rotations: [1] });
    expect(dueNow(record, NOTHING, DAY)).toMatchObject({ act: "deactivate", version: 1 });
  });

  test("all live versions go with the key's validity, the suspended too, and none comes", () => {
    const settings = { policy: { notAfterMilliseconds: 5 * DAY }, rotation: { everyDays: 1 } };
    const record = moved(keyRecord({ ...settings }), "suspend");
    expect(dueMilliseconds(record, 0)).toBe(5 * DAY);
    expect(dueNow(record, NOTHING, 5 * DAY)).toEqual({
      act: "deactivate",
      version: 1,
      reason: "validity",
    });
    expect(dueNow(moved(record, "deactivate"), NOTHING, 6 * DAY)).toBeNull();
  });

  test("a version waits for the validity to begin, and is not activated after its end", () => {
    const policy = { notBeforeMilliseconds: DAY, notAfterMilliseconds: 3 * DAY };
    const record = keyRecord({ policy, activate: false });
    expect(dueMilliseconds(record, 0)).toBe(DAY);
    expect(dueNow(record, NOTHING, DAY - 1)).toBeNull();
    expect(dueNow(record, NOTHING, DAY)).toEqual({ act: "activate", version: 1 });
    expect(dueNow(record, NOTHING, 3 * DAY)).toBeNull();
    expect(dueMilliseconds(record, 3 * DAY)).toBeNull();
  });
});
