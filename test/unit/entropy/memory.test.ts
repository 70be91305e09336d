import { expect, test } from "vitest";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { openHealthMemory } from "../../../src/store/storedHealthMemory.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store, StoreHealth } from "../../../src/store/store.ts";
import { FakeClock, settled } from "../../support/fakeClock.ts";
import { FakeSource, healthyHouse, house, options, RESEED } from "./support.ts";

const HOUR = 3_600_000;

/** One life of the service on this store, its wall clock beginning at `from`. */
async function lifeOf(store: Store, from: number) {
  const clock = new FakeClock(from);
  const source = new FakeSource("a", 1);
  const memory = await openHealthMemory(store, ["a"], from);
  const { room, events } = house([options(source)], { memory, clock });
  room.start();
  await clock.run(0);
  source.emit(1024);
  const incident = (): void => {
    source.stuck(12);
    source.emit(3000);
  };
  const state = () => room.snapshot()[0]?.state;
  const end = async (): Promise<void> => {
    memory.stop();
    await room.stop();
    await settled();
  };
  return { clock, source, room, events, incident, state, end };
}

const open = (): Store =>
  openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, new FakeClock());

test.each([
  ["a clock that goes on", 2 * HOUR, "failed"],
  ["a clock that was set back by years", -1e11, "failed"],
  ["a day later", 25 * HOUR, "healthy"],
])("three incidents in two lives latch, by the wall clock: %s", async (_what, later, expected) => {
  const store = open();
  const start = 1_767_225_600_000;
  const first = await lifeOf(store, start);
  first.incident();
  await first.clock.run(HOUR / 60);
  first.incident();
  expect(first.state()).toBe("healthy");
  await first.end();
  const second = await lifeOf(store, start + later);
  expect(second.state()).toBe("healthy");
  second.incident();
  expect(second.state()).toBe(expected);
  await second.end();
  await store.close();
});

test("a startup test that failed before a restart counts after it, and is forgotten by a pass", async () => {
  const store = open();
  const first = await lifeOf(store, 0);
  void first.room.test("a", "operator");
  first.source.stuck(12);
  await first.end();
  const second = await lifeOf(store, 1000);
  void second.room.test("a", "operator");
  second.source.stuck(12);
  // The startup test of the second life passed in between.
  expect(second.state()).toBe("suspect");
  await second.end();
  const source = new FakeSource("a", 1);
  const memory = await openHealthMemory(store, ["a"], 2000);
  const { room, clock } = house([options(source)], { memory });
  room.start();
  await clock.run(0);
  source.stuck(12);
  expect(room.snapshot()[0]?.state).toBe("failed");
  await room.stop();
  await store.close();
});

test("a store that fails takes no latch away, and gets it when it works again", async () => {
  const inner = open();
  let full = true;
  let tell: (health: StoreHealth) => void = () => {};
  const store: Store = {
    ...inner,
    read: (...given) => inner.read(...given),
    write: (batch) =>
      full ? Promise.reject(new SpringhouseError("store_failed", "full")) : inner.write(batch),
    onHealthChange(listener) {
      tell = listener;
      return () => {};
    },
  };
  const first = await lifeOf(store, 0);
  first.source.stuck(100);
  await first.clock.run(HOUR);
  expect(first.state()).toBe("failed");
  expect(await inner.read("document.all", ["source-health"])).toHaveLength(0);
  full = false;
  tell({ ok: true, detail: "" });
  await settled();
  expect(await inner.read("document.all", ["source-health"])).toHaveLength(1);
  await first.end();
  const second = await lifeOf(store, HOUR);
  expect(second.state()).toBe("failed");
  expect(second.room.snapshot()[0]?.detail).toContain("before the service was started");
  expect(second.events.filter(({ severity }) => severity === "critical")).toHaveLength(1);
  await second.end();
  await inner.close();
});

test("a stored history that cannot be read stops the start, as it may be a latch", async () => {
  const store = open();
  await store.write([
    { statement: "document.put", parameters: ["source-health", "a", '{"latch":1}', 0] },
  ]);
  await expect(openHealthMemory(store, ["a"], 0)).rejects.toThrow("cannot be read");
  await store.close();
});

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
  expect(second.room.reset("a")).toBeNull();
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
