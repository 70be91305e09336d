import { expect, test } from "vitest";
import { StoredOutputs } from "../../../src/lineage/outputRecorder.ts";
import type { Output } from "../../../src/port/lineage.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { ClientTally } from "../../../src/telemetry/clientTally.ts";
import { FakeClock } from "../../support/fakeClock.ts";

test("sums what each principal drew, the last that drew first, and forgets the first of too many", () => {
  const tally = new ClientTally((principal) => (principal === "a" ? "ada" : null));
  tally.add("a", 1, 32, 100);
  tally.add("b", 2, 64, 200);
  tally.add("a", 3, 8, 300);
  expect(tally.list()).toEqual([
    { principal: "a", name: "ada", requests: 4, bytes: 40, lastMilliseconds: 300 },
    { principal: "b", name: null, requests: 2, bytes: 64, lastMilliseconds: 200 },
  ]);
  for (let other = 0; other < 255; other++) tally.add(`other ${other}`, 1, 1, 400);
  const kept = tally.list().map(({ principal }) => principal);
  expect(kept).toHaveLength(256);
  expect(kept).toContain("a");
  expect(kept).not.toContain("b");
});

test("is told of what was kept, once, also where the store failed at first", async () => {
  const clock = new FakeClock();
  const told: unknown[] = [];
  let failing = true;
  const store = {
    write: async () => {
      if (failing) throw new SpringhouseError("store_failed", "full");
    },
  };
  const outputs = new StoredOutputs(store as never, clock, (...counted) => told.push(counted));
  outputs.count("s-1", "a", "http", "random", 32);
  outputs.count("s-1", "a", "http", "random", 32);
  await clock.run(1000);
  expect(told).toEqual([]);
  failing = false;
  await clock.run(1000);
  await clock.run(1000);
  expect(told).toEqual([["a", 2, 64]]);
  const output: Output = {
    id: "s-1.1",
    seed: "s-1",
    instance: "keys",
    counter: 1,
    principal: "b",
    door: "keys",
    purpose: "key:aes-128",
    bytes: 16,
    requirement: {},
    atMilliseconds: 1,
  };
  await outputs.record(output);
  expect(told.at(-1)).toEqual(["b", 1, 16]);
});
