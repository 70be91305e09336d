import { expect, test } from "vitest";
import { openHealthMemory } from "../../../src/store/storedHealthMemory.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { FakeSource, healthyHouse, RESEED } from "./support.ts";

test("a latch outlives its process, until it is reset", async () => {
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, new FakeClock());
  const life = async () => {
    const memory = await openHealthMemory(store, ["a"], 0);
    const source = new FakeSource("a", 1);
    const { room } = await healthyHouse([source], { memory });
    return { source, room };
  };
  const first = await life();
  first.source.stuck(100);
  expect(first.room.snapshot()[0]?.state).toBe("failed");
  await first.room.stop();
  const second = await life();
  expect(second.room.snapshot()[0]).toMatchObject({ state: "failed", cause: "health_failed" });
  expect(second.room.reset("a", "somebody", "a loose cable")).toBeNull();
  await second.room.stop();
  const third = await life();
  expect(third.room.snapshot()[0]?.state).toBe("healthy");
  await third.room.stop();
  await store.close();
});

test("after a restart of all, no block from before is used, and the startup test runs", async () => {
  const source = new FakeSource("a", 1);
  const { room } = await healthyHouse([source]);
  source.emit(70_000);
  expect(room.snapshot()[0]?.poolBlocks).toBeGreaterThan(0);
  room.restartAll("resumed");
  expect(room.snapshot()[0]).toMatchObject({ state: "starting", poolBlocks: 0 });
  expect(room.take(RESEED)).not.toHaveProperty("entropyInput");
  source.emit(1023);
  expect(room.snapshot()[0]?.state).toBe("starting");
  source.emit(1);
  expect(room.snapshot()[0]?.state).toBe("healthy");
  await room.stop();
});
