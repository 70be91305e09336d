import { describe, expect, test } from "vitest";
import type { Leaf, LeafOf } from "../../../src/log/leaf.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { OWNER, given, openRig } from "../key/managed/rig.ts";
import { serviceStart } from "../log/logs.ts";

/** The first leaf that a rule does not allow, with why; null when all follow. */
function firstFault(leaves: readonly Leaf[]): readonly [number, string] | null {
  const rules = leafRules();
  for (const [position, leaf] of leaves.entries())
    for (const rule of rules) {
      const fault = rule(leaf, position);
      if (fault !== null) return [position, fault];
    }
  return null;
}

/** A real log: a key is made, rotated, suspended and ended. */
async function realLeaves(): Promise<LeafOf<"key">[]> {
  await using rig = await openRig();
  const { service } = rig.room;
  const { record } = given(await service.create({ type: "aes-256" }, {}, OWNER));
  given(await service.rotate(record.id, {}, OWNER));
  for (const transition of ["suspend", "deactivate"] as const)
    given(
      await service.transit(
        record.id,
        { transition, version: 2, reason: null, occurredMilliseconds: null, approval: null },
        OWNER,
      ),
    );
  return rig.leaves();
}

describe("the rules of a log", () => {
  test("what the service really wrote passes", async () => {
    expect(firstFault([serviceStart(), ...(await realLeaves())])).toBeNull();
  });

  test("nothing comes before a start", async () => {
    expect(firstFault(await realLeaves())).toEqual([
      0,
      expect.stringContaining("no start of a service"),
    ]);
  });

  test.each<[string, (leaves: LeafOf<"key">[]) => LeafOf<"key">[], number, string]>([
    ["a change dropped", (leaves) => leaves.toSpliced(1, 1), 2, "revision 3 where 2 comes next"],
    ["a change twice", (leaves) => leaves.toSpliced(1, 0, leaves[1]!), 3, "revision 2"],
    ["two changed about", ([a, b, c, d]) => [a!, c!, b!, d!], 2, "revision 3"],
    [
      "a suspension taken back without leave",
      (leaves) => leaves.with(3, { ...leaves[3]!, op: "restore", from: "suspended", to: "active" }),
      4,
      "restore without an approved intent",
    ],
    [
      "a state that was never entered",
      (leaves) => leaves.with(2, { ...leaves[2]!, to: "compromised" }),
      3,
      "suspend does not lead from active to compromised",
    ],
    [
      "a birth without its certificate",
      (leaves) => {
        const { birth: _, ...rest } = leaves[0]!;
        return leaves.with(0, rest);
      },
      1,
      "made without a birth certificate",
    ],
    [
      "an import with one",
      (leaves) => leaves.with(0, { ...leaves[0]!, op: "import" }),
      1,
      "imported with a birth certificate",
    ],
  ])("%s", async (_, change, position, fault) => {
    const leaves = [serviceStart(), ...change(await realLeaves())];
    expect(firstFault(leaves)).toEqual([position, expect.stringContaining(fault)]);
  });
});
