import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoredLineage } from "../../../src/lineage/lineageReader.ts";
import { StoredOutputs } from "../../../src/lineage/outputRecorder.ts";
import { createSeedRecorder } from "../../../src/lineage/seedRecorder.ts";
import { Retention } from "../../../src/store/retention.ts";
import type { RetentionPolicy } from "../../../src/store/retention.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { BOOT, material, outputOf } from "./records.ts";

const KEEP_ALL: RetentionPolicy = {
  seedAgeSeconds: null,
  outputAgeSeconds: null,
  eventAgeSeconds: null,
  totalBytes: null,
};
/** As many of an instance's newest as are never removed; see `retention.candidates`. */
const NEWEST_KEPT = 16;

async function kept(policy: Partial<RetentionPolicy>, seeds: number, keyed: readonly number[]) {
  const clock = new FakeClock(1_000_000);
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const [recorder, outputs] = [createSeedRecorder(store), new StoredOutputs(store, clock)];
  const all = Array.from({ length: seeds }, (_, n) => material(BOOT, n));
  for (const { seed, blocks, windows } of all) {
    await recorder.record(seed, blocks, windows);
    outputs.count(seed.id, "p", "http", "random", 1);
  }
  for (const n of keyed) await outputs.record(outputOf(all[n]!.seed, 1));
  await outputs.stop();
  const retention = new Retention(store, clock, { ...KEEP_ALL, ...policy });
  while (await retention.step());
  const reader = new StoredLineage(store);
  const stories = await Promise.all(all.map(({ seed }) => reader.output(`${seed.id}.1`)));
  const lines: string[] = [];
  for await (const line of reader.lines(0, 1e13)) lines.push(line.record);
  const report = retention.report();
  await store.close();
  return { all, stories, lines, report };
}

test("whatever the policy, what a kept key output needs is kept whole", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(39), { maxLength: 8 }),
      fc.constantFrom<Partial<RetentionPolicy>>(
        { seedAgeSeconds: 0 },
        { totalBytes: 0 },
        { seedAgeSeconds: 0, totalBytes: 0 },
      ),
      async (keyed, policy) => {
        const { all, stories } = await kept(policy, 40, keyed);
        for (const n of keyed) {
          expect(stories[n]?.output?.id).toBe(`${all[n]!.seed.id}.1`);
          expect(stories[n]?.blocks).toEqual(all[n]!.blocks);
          expect(stories[n]?.windows).toEqual(all[n]!.windows);
        }
        // And nothing more than the newest of the instance besides.
        const left = stories.flatMap((story, n) => (story ? [n] : []));
        const newest = Array.from({ length: NEWEST_KEPT }, (_, n) => 40 - NEWEST_KEPT + n);
        expect(new Set(left)).toEqual(new Set([...keyed, ...newest]));
      },
    ),
    { numRuns: 25 },
  );
});

test("seeds behind many that are kept for their keys are still found", async () => {
  const keyed = Array.from({ length: 150 }, (_, n) => n);
  for (const policy of [{ seedAgeSeconds: 0 }, { totalBytes: 0 }]) {
    const { stories } = await kept(policy, 200, keyed);
    expect(stories.filter(Boolean)).toHaveLength(150 + NEWEST_KEPT);
  }
});

test("a removed seed takes its blocks, windows and counts with it", async () => {
  const { lines } = await kept({ seedAgeSeconds: 0 }, 40, []);
  const tally = (record: string) => lines.filter((line) => line === record).length;
  expect(["seed", "block", "window", "count"].map(tally)).toEqual([16, 16, 32, 16]);
});

test("output records go only by their own age, and then free their seeds", async () => {
  const { stories } = await kept({ seedAgeSeconds: 0, outputAgeSeconds: 0 }, 40, [0, 1]);
  expect(stories.filter(Boolean)).toHaveLength(NEWEST_KEPT);
});

test("a wall clock that is set ahead meanwhile makes nothing old, time that passes does", async () => {
  const clock = new FakeClock(1_000_000);
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const recorder = createSeedRecorder(store);
  const all = Array.from({ length: 40 }, (_, n) => material(BOOT, n));
  for (const { seed, blocks, windows } of all) await recorder.record(seed, blocks, windows);
  const retention = new Retention(store, clock, { ...KEEP_ALL, seedAgeSeconds: 10_000 });
  const left = async () => {
    while (await retention.step());
    const reader = new StoredLineage(store);
    const stories = await Promise.all(all.map(({ seed }) => reader.output(`${seed.id}.1`)));
    return stories.filter(Boolean).length;
  };
  clock.jumpWall(1e12);
  expect(await left()).toBe(40);
  clock.advance(2e7);
  expect(await left()).toBe(NEWEST_KEPT);
  await store.close();
});

test("a bound that cannot be kept is said, and young seeds stay within a bound that can", async () => {
  const tight = await kept({ totalBytes: 1 }, 20, []);
  expect(tight.report.overBound).toBe(true);
  const wide = await kept({ totalBytes: 100_000_000, seedAgeSeconds: 10_000 }, 40, []);
  expect(wide.report.overBound).toBe(false);
  expect(wide.stories.every(Boolean)).toBe(true);
});

test("a window or block that another seed needs outlives the first", async () => {
  const clock = new FakeClock(1_000_000);
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const [recorder, outputs] = [createSeedRecorder(store), new StoredOutputs(store, clock)];
  const first = material(BOOT, 1, { uncreditedBlocks: [`b-${BOOT}-999`] });
  const shared = { ...first.blocks[0]!, id: `b-${BOOT}-999` };
  const second = material(BOOT, 2, { uncreditedBlocks: [shared.id] });
  await recorder.record(first.seed, [...first.blocks, shared], first.windows);
  await recorder.record(
    second.seed,
    [...second.blocks, shared],
    [...second.windows, ...first.windows],
  );
  await outputs.record(outputOf(second.seed, 1));
  for (let n = 10; n < 40; n++) {
    const { seed, blocks, windows } = material(BOOT, n);
    await recorder.record(seed, blocks, windows);
  }
  const retention = new Retention(store, clock, { ...KEEP_ALL, seedAgeSeconds: 0 });
  while (await retention.step());
  const reader = new StoredLineage(store);
  expect(await reader.output(`${first.seed.id}.1`)).toBeUndefined();
  expect((await reader.output(`${second.seed.id}.1`))?.windows).toHaveLength(4);
  await store.close();
});

test("free pages go back to the file system, a few at a time", async () => {
  const clock = new FakeClock(1_000_000);
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const pages = async () => Number((await store.read("size", []))[0]?.["pages"]);
  const parameters = ["test", "big", "x".repeat(12_000_000), 0];
  await store.write([{ statement: "document.put", parameters }]);
  await store.write([{ statement: "document.remove", parameters: ["test", "big"] }]);
  const before = await pages();
  const retention = new Retention(store, clock, KEEP_ALL);
  retention.start();
  await clock.run(60_000);
  expect(before - (await pages())).toBe(256);
  await clock.run(2_000);
  expect(await pages()).toBeLessThan(1_300);
  await retention.stop();
  await store.close();
  expect(clock.pending).toBe(0);
});
