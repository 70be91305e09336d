import { KEY_PURPOSES, MANAGED_TYPES } from "../../../../src/port/key.ts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitOf, nextRange, overLimit } from "../../../../src/key/policy/limits.ts";
import {
  DEFAULT_POLICY,
  DEFAULT_ROTATION,
  policyFault,
} from "../../../../src/key/policy/policy.ts";
import {
  USAGES_OF,
  algorithmsOf,
  isProtecting,
  purposesOf,
} from "../../../../src/key/policy/purpose.ts";

describe("limits", () => {
  test("no policy takes AES-GCM beyond 2^32 invocations of one version", () => {
    const limit = limitOf({ ...DEFAULT_POLICY, maximumOperations: 2 ** 40 }, "AES-256-GCM");
    expect(limit.operations).toBe(2 ** 32);
    expect(overLimit({ operations: 2 ** 32 - 1, bytes: 0 }, 0, limit)).toBeNull();
    expect(overLimit({ operations: 2 ** 32, bytes: 0 }, 0, limit)).toMatchObject({
      code: "key_limit_reached",
    });
  });

  test("bytes at the limit and one beyond it", () => {
    const limit = limitOf({ ...DEFAULT_POLICY, maximumBytes: 100 }, "AES-256-GCM");
    expect(overLimit({ operations: 0, bytes: 60 }, 40, limit)).toBeNull();
    expect(overLimit({ operations: 0, bytes: 60 }, 41, limit)).toMatchObject({
      detail: "The version has 40 bytes left, and this takes 41.",
    });
  });

  test("a range that is reserved never passes the limit, and always has room for the operation", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 33 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.nat(65_536),
        fc.nat(5_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (operations, bytes, wanted, before, part) => {
          const limit = { operations, bytes };
          const used = {
            operations: Math.floor(operations * part),
            bytes: Math.floor(bytes * part),
          };
          if (overLimit(used, wanted, limit)) return;
          const range = nextRange(used, before, wanted, limit);
          expect(range.operations).toBeGreaterThanOrEqual(1);
          expect(range.bytes).toBeGreaterThanOrEqual(wanted);
          expect(used.operations + range.operations).toBeLessThanOrEqual(operations);
          expect(used.bytes + range.bytes).toBeLessThanOrEqual(bytes);
          expect(range.operations).toBeLessThanOrEqual(4_096);
        },
      ),
    );
  });

  test("a policy that cannot hold is told", () => {
    const rotation = { ...DEFAULT_ROTATION, maximumOperations: 11 };
    expect(policyFault({ ...DEFAULT_POLICY, maximumOperations: 10, rotation })).toContain(
      "rotation.maximumOperations is above",
    );
    expect(
      policyFault({ ...DEFAULT_POLICY, notBeforeMilliseconds: 5, notAfterMilliseconds: 5 }),
    ).toBe("notBefore is not before notAfter");
    const every = (everyDays: number) =>
      policyFault({ ...DEFAULT_POLICY, rotation: { ...DEFAULT_ROTATION, everyDays } });
    expect(every(1e-300)).toBe("rotation.everyDays is less than an hour");
    expect(every(1 / 24)).toBeNull();
    expect(policyFault(DEFAULT_POLICY)).toBeNull();
  });
});

describe("purposes", () => {
  test("every type has one, every purpose a type, and each protects with its first usage", () => {
    for (const type of MANAGED_TYPES) {
      expect(purposesOf(type).length).toBeGreaterThan(0);
      for (const purpose of purposesOf(type))
        expect(algorithmsOf(type, purpose).length).toBeGreaterThan(0);
    }
    for (const purpose of KEY_PURPOSES) {
      expect(MANAGED_TYPES.some((type) => purposesOf(type).includes(purpose))).toBe(true);
      expect(isProtecting(USAGES_OF[purpose][0]!)).toBe(true);
      expect(USAGES_OF[purpose].slice(1).some(isProtecting)).toBe(false);
    }
    expect(algorithmsOf("ed25519", "encryption")).toEqual([]);
  });
});
