import fc from "fast-check";
import { expect, test } from "vitest";
import type { Shape } from "../../../src/port/lineage.ts";
import { action, play } from "./actions.ts";

const actions = fc.array(action, { minLength: 10, maxLength: 60, size: "max" });

test.each<Shape>(["RBG2(P)", "RBGC"])(
  "%s: no order of draws, losses, failures, reseeds and waits breaks a rule",
  async (shape) => {
    let served = 0;
    await fc.assert(
      fc.asyncProperty(actions, async (given) => {
        const outcome = await play(shape, given);
        expect(outcome.faults).toEqual([]);
        served += outcome.served;
      }),
      { numRuns: 100 },
    );
    // Else the property would hold because nothing ever happens.
    expect(served).toBeGreaterThan(1_000_000);
  },
);

test("nor when a self-test fails anywhere in it", async () => {
  await fc.assert(
    fc.asyncProperty(actions, actions, async (before, after) => {
      const { faults } = await play("RBG2(NP)", [...before, { do: "selfTestFails" }, ...after]);
      expect(faults).toEqual([]);
    }),
    { numRuns: 30 },
  );
});
