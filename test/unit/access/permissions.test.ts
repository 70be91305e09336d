import { describe, expect, test } from "vitest";
import {
  isAllowed,
  PERMISSIONS,
  rolesOf,
  type Permission,
} from "../../../src/access/permissions.ts";
import { ROLES } from "../../../src/port/principal.ts";

const all = Object.keys(PERMISSIONS) as Permission[];

describe("the table of permissions", () => {
  test("an operator sees no key material and no raw sample", () => {
    for (const permission of [
      "random.draw",
      "random.stream",
      "keys.generate",
      "keys.create",
      "keys.use",
      "keys.manage",
      "sources.tap",
    ] as const)
      expect(isAllowed(["operator"], permission)).toBe(false);
  });

  test("an auditor changes nothing, and draws nothing", () => {
    const reads = all.filter((permission) => isAllowed(["auditor"], permission));
    expect(reads.filter((permission) => !/\.(read|list|tap)$/.test(permission))).toEqual([
      // Everybody's: which keys are not to be relied on.
      "keys.status",
      // It takes samples, as a tap does.
      "assessments.run",
      // In a shadow: nothing that is live is touched.
      "drills.run",
      // It shows what depended on bad noise; that somebody asked is kept.
      "recall.run",
      // Everybody's: its own browser.
      "session.open",
      "session.close",
    ]);
  });

  test("a custodian approves, opens and shuts the vault, takes the safe direction, and initiates nothing else", () => {
    expect(all.filter((permission) => isAllowed(["custodian"], permission))).toEqual([
      "keys.read",
      "keys.stop",
      "intents.read",
      "intents.approve",
      "intents.withdraw",
      "destructions.read",
      "destructions.cancel",
      "backups.read",
      "custodians.read",
      "keys.status",
      "compliance.read",
      "certificates.read",
      "certificates.revoke",
      "receipts.read",
      "log.read",
      "seal.read",
      "seal.open",
      "seal.close",
      "seal.slots",
      "console.read",
      "session.open",
      "session.close",
      "probe.read",
    ]);
  });

  test("an operator shuts the vault and cannot open it", () => {
    const seal = all.filter((permission) => permission.startsWith("seal."));
    expect(seal.filter((permission) => isAllowed(["operator"], permission))).toEqual([
      "seal.read",
      "seal.close",
    ]);
  });

  test("only the admin issues and revokes", () => {
    expect(rolesOf("tokens.create")).toEqual(["admin"]);
    expect(rolesOf("tokens.revoke")).toEqual(["admin"]);
  });

  test("no role is nobody", () => {
    for (const permission of all) {
      expect(isAllowed([], permission)).toBe(false);
      expect(isAllowed(["root" as never], permission)).toBe(false);
      expect(isAllowed(["admin"], permission)).toBe(true);
      for (const role of rolesOf(permission)) expect(ROLES).toContain(role);
    }
  });
});
