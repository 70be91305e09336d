import fc from "fast-check";
import { expect, test } from "vitest";
import { quorumState, sourcesNeeded, strengthWithoutBest } from "../../../src/entropy/quorum.ts";
import { selectBlocks, suffices, type Candidate } from "../../../src/entropy/selection.ts";

/** Every way to remove k of the sources; the least that is left. */
function leastLeft(bits: readonly number[], k: number): number {
  let least = Infinity;
  for (let removed = 0; removed < 1 << bits.length; removed += 1) {
    const kept = bits.filter((_, index) => ((removed >> index) & 1) === 0);
    if (bits.length - kept.length !== k) continue;
    least = Math.min(
      least,
      kept.reduce((sum, value) => sum + value, 0),
    );
  }
  return least;
}

test("strengthWithoutBest is the least that any k removed sources leave", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2000 }), { maxLength: 6 }), (bits) => {
      const strengths = strengthWithoutBest(bits);
      expect(strengths).toHaveLength(bits.length + 1);
      for (const [k, strength] of strengths.entries()) expect(strength).toBe(leastLeft(bits, k));
    }),
  );
});

const candidates = fc.array(
  fc.record({ source: fc.constantFrom("a", "b", "c"), bits: fc.constantFrom(100, 256, 512) }),
  { maxLength: 9 },
);
const request = fc.record({
  minimumBits: fc.constantFrom(1, 256, 384, 700),
  sources: fc.integer({ min: 1, max: 3 }),
  withoutBest: fc.integer({ min: 0, max: 2 }),
});

test("a choice is found exactly when some choice exists, suffices, and can spare no block", () => {
  let found = 0;
  fc.assert(
    fc.property(candidates, request, (given, wanted) => {
      const chosen = selectBlocks(given, wanted);
      let exists = false;
      for (let set = 0; set < 1 << given.length && !exists; set += 1) {
        exists = suffices(
          given.filter((_, index) => ((set >> index) & 1) === 1),
          wanted,
        );
      }
      expect(chosen !== null).toBe(exists);
      if (chosen === null) return;
      found += 1;
      expect(suffices(chosen, wanted)).toBe(true);
      expect(new Set(chosen).size).toBe(chosen.length);
      for (const block of chosen) {
        expect(
          suffices(
            chosen.filter((other) => other !== block),
            wanted,
          ),
        ).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
  expect(found).toBeGreaterThan(20);
});

test("blocks of one source are taken in the order in which they are offered", () => {
  const [first, second]: Candidate[] = [
    { source: "a", bits: 512 },
    { source: "a", bits: 512 },
  ];
  expect(selectBlocks([first!, second!], { minimumBits: 256, sources: 1, withoutBest: 0 })).toEqual(
    [first],
  );
});

test("384 bits are not met by one block of 383.9, and are by one of 384", () => {
  const wanted = { minimumBits: 384, sources: 1, withoutBest: 0 };
  expect(selectBlocks([{ source: "a", bits: 383.9 }], wanted)).toBeNull();
  expect(selectBlocks([{ source: "a", bits: 384 }], wanted)).toHaveLength(1);
});

test("the quorum counts sources that are healthy and credited, the best ones to lose included", () => {
  expect(sourcesNeeded({ sources: 1, withoutBest: 2 })).toBe(3);
  expect(sourcesNeeded({ sources: 0, withoutBest: 0 })).toBe(0);
  const healthy = { state: "healthy", credited: true } as const;
  const policy = { sources: 2, withoutBest: 0 };
  expect(quorumState(policy, [healthy, { state: "suspect", credited: true }]).met).toBe(false);
  expect(quorumState(policy, [healthy, { state: "healthy", credited: false }]).met).toBe(false);
  expect(quorumState(policy, [healthy, healthy])).toMatchObject({ met: true, available: 2 });
});
