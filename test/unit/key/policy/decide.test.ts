import { describe, expect, test } from "vitest";
import { decide } from "../../../../src/key/policy/decide.ts";
import type { UseRequest } from "../../../../src/key/policy/decide.ts";
import { keyRecord } from "./record.ts";
import type { Settings } from "./record.ts";

const use = (settings: Settings, more: Partial<UseRequest> = {}): ReturnType<typeof decide> =>
  decide(keyRecord(settings), {
    usage: "encrypt",
    algorithm: null,
    version: null,
    principal: "p-owner",
    anyKey: false,
    atMilliseconds: 10,
    ...more,
  });

describe("who", () => {
  test("the owner, a principal of the key, and an admin", () => {
    expect(use({})).toMatchObject({ algorithm: "AES-256-GCM", version: { version: 1 } });
    expect(use({ principals: ["p-2"] }, { principal: "p-2" })).toHaveProperty("algorithm");
    expect(use({}, { principal: "p-admin", anyKey: true })).toHaveProperty("algorithm");
  });

  test("nobody else is told that the key is there", () => {
    expect(use({}, { principal: "p-2" })).toMatchObject({
      code: "not_found",
      detail: "No such key.",
    });
  });
});

describe("what for", () => {
  test("the usage mask", () => {
    const facts = { usages: ["decrypt"] as const };
    expect(use({ facts })).toMatchObject({
      code: "key_use_refused",
      detail: "A key for decrypt does not encrypt.",
    });
    expect(use({ facts }, { usage: "decrypt" })).toHaveProperty("algorithm");
    expect(use({}, { usage: "sign" })).toMatchObject({ code: "key_use_refused" });
  });

  test("the algorithms; the first is the default", () => {
    const facts = {
      purpose: "wrapping",
      usages: ["wrap"],
      algorithms: ["AES-256-KWP", "AES-256-KW"],
    } as const;
    expect(use({ facts }, { usage: "wrap" })).toMatchObject({ algorithm: "AES-256-KWP" });
    expect(use({ facts }, { usage: "wrap", algorithm: "AES-256-KW" })).toMatchObject({
      algorithm: "AES-256-KW",
    });
    expect(use({ facts }, { usage: "wrap", algorithm: "AES-256-GCM" })).toMatchObject({
      code: "key_use_refused",
      detail: "The key's algorithms are AES-256-KWP, AES-256-KW.",
    });
  });
});

describe("when", () => {
  const policy = { notBeforeMilliseconds: 100, notAfterMilliseconds: 200 };
  test.each([
    [99, "key_use_refused", "key_use_refused"],
    [100, undefined, undefined],
    [199, undefined, undefined],
    // What was protected has to be readable after the validity.
    [200, "key_use_refused", undefined],
  ])("at %d: encrypt %s, decrypt %s", (atMilliseconds, encrypt, decrypt) => {
    const code = (usage: "encrypt" | "decrypt"): unknown => {
      const result = use({ policy }, { usage, atMilliseconds });
      return "code" in result ? result.code : undefined;
    };
    expect([code("encrypt"), code("decrypt")]).toEqual([encrypt, decrypt]);
  });
});

describe("which version", () => {
  test("old versions process and never protect", () => {
    const settings = { rotations: [1, 2] };
    expect(use(settings)).toMatchObject({ version: { version: 3 } });
    expect(use(settings, { version: 2 })).toMatchObject({ code: "key_use_refused" });
    expect(use(settings, { usage: "decrypt", version: 1 })).toMatchObject({
      version: { version: 1 },
    });
    expect(use(settings, { usage: "decrypt", version: 4 })).toMatchObject({ code: "not_found" });
    expect(use(settings, { usage: "decrypt", version: 0 })).toMatchObject({ code: "not_found" });
  });

  test("versions beyond those that are kept are retired", () => {
    const settings = { rotations: [1, 2, 3], rotation: { keepVersions: 2 } };
    expect(use(settings, { usage: "decrypt", version: 2 })).toHaveProperty("algorithm");
    expect(use(settings, { usage: "decrypt", version: 1 })).toMatchObject({
      code: "key_use_refused",
      detail: "Version 1 is retired: the policy keeps 2 replaced versions.",
    });
  });

  test("a version before its activation does nothing", () => {
    for (const usage of ["encrypt", "decrypt"] as const)
      expect(use({ activate: false }, { usage })).toMatchObject({
        code: "conflict",
        detail: expect.stringContaining("Allowed: activate, compromise, destroy."),
      });
  });
});
