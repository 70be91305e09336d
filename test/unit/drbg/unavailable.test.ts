import { expect, test } from "vitest";
import { FakeSource, healthyHouse, options, house, RESEED } from "../entropy/support.ts";

/* The question by which the DRBG room holds its seeds, against the real entropy room. */

test("RBG2: unavailable exactly while the policy's quorum is not met, whatever the pool holds", async () => {
  const sources = [new FakeSource("a", 1), new FakeSource("b", 2)];
  const { room, clock } = house(
    sources.map((source) => options(source)),
    { quorum: { sources: 2, withoutBest: 0 } },
  );
  expect(room.unavailable()).toMatchObject({ unmet: ["quorum", "sources"] });
  room.start();
  await clock.run(0);
  for (const source of sources) source.emit(1024);
  // Healthy, and with an empty pool: what is prepared may be used, nothing new is to be had.
  expect(room.unavailable()).toBeNull();
  expect(room.take(RESEED)).toMatchObject({ unmet: ["strength"] });
  for (const source of sources) source.emit(1500);
  await clock.run(400);
  sources[1]!.unplug();
  await clock.run(0);
  expect(room.quorum().met).toBe(false);
  expect(room.unavailable()).toMatchObject({ unmet: ["quorum", "sources"] });
  expect(room.take(RESEED)).toEqual(room.unavailable());
  await clock.run(60_000);
  sources[1]!.emit(1024);
  expect(room.unavailable()).toBeNull();
  await room.stop();
});

test("RBG2 without a quorum in its policy still needs one credited source", async () => {
  const source = new FakeSource("a", 1);
  const { room, clock } = await healthyHouse([source], { quorum: { sources: 0, withoutBest: 0 } });
  expect(room.unavailable()).toBeNull();
  source.unplug();
  await clock.run(0);
  expect(room.unavailable()).toMatchObject({ unmet: ["sources"] });
  await room.stop();
});

test("RBGC: unavailable exactly while the OS RNG does not pass its health tests", async () => {
  const os = new FakeSource("os", 1, "os");
  const { room } = await healthyHouse([os], { shape: "RBGC" });
  expect(room.unavailable()).toBeNull();
  os.stuck(12);
  expect(room.unavailable()).toMatchObject({ unmet: ["parent"] });
  await room.stop();
});
