import { afterEach, describe, expect, test } from "vitest";
import type { Door } from "../../../src/port/lineage.ts";
import { bytesOf, House, openHouse, refusalOf } from "./house.ts";

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

describe("an RBG2", () => {
  test("gives 16,384 bytes of a seed and not one more (SP 800-90C: 2^17 bits)", async () => {
    house = await openHouse();
    const first = bytesOf(await house.draw(16_383));
    const last = bytesOf(await house.draw(1));
    expect(last.outputs).toEqual([`${first.seed}.2`]);
    const next = bytesOf(await house.draw(1));
    expect(next.seed).not.toBe(first.seed);
    expect(next.outputs).toEqual([`${next.seed}.1`]);
  });

  test("splits a request at what the live seed has left, one output a piece", async () => {
    house = await openHouse();
    const before = bytesOf(await house.draw(1000));
    const drawn = bytesOf(await house.draw(65_536));
    expect(drawn.bytes).toHaveLength(65_536);
    expect(drawn.outputs).toHaveLength(5);
    expect(drawn.outputs[0]).toBe(`${before.seed}.2`);
    expect(new Set(drawn.outputs.map((id) => id.split(".")[0])).size).toBe(5);
    expect(drawn.outputs.at(-1)).toBe(`${drawn.seed}.1`);
  });

  test("reserves as many counters in the seed's durable record as the limits allow", async () => {
    house = await openHouse();
    for (const seed of house.seedRecorder.durable.values()) expect(seed.counterLimit).toBe(16_384);
  });

  test("asks 384 bits to instantiate and 256 to reseed, and says which", async () => {
    house = await openHouse();
    const kinds = new Map<string, string[]>();
    for (const { instance, kind } of house.seedRecorder.made) {
      kinds.set(instance, [...(kinds.get(instance) ?? []), kind]);
    }
    for (const all of kinds.values()) {
      expect(all[0]).toBe("instantiate");
      expect(all.slice(1).every((kind) => kind === "reseed")).toBe(true);
    }
    for (const [i, { kind }] of house.seedRecorder.made.entries()) {
      expect(house.seeds.requests[i]).toEqual({
        minimumBits: kind === "instantiate" ? 384 : 256,
        // The quorum's.
        sources: 1,
        withoutBest: 0,
        maximumAgeMilliseconds: null,
      });
    }
    expect(kinds.get("http")).toHaveLength(3);
    expect(kinds.get("stream")).toHaveLength(9);
    expect(kinds.get("fresh")).toHaveLength(1);
  });

  test("refuses a request that is too long, empty or no number, and draws nothing", async () => {
    house = await openHouse();
    for (const bytes of [0, -1, 65_537, 1.5, Number.NaN]) {
      expect(refusalOf(await house.draw(bytes)).code).toBe("invalid_parameter");
    }
    expect(refusalOf(await house.draw(16_385, { fresh: true })).code).toBe("invalid_parameter");
    expect(house.left("http")).toBe(16_384);
  });
});

describe("a seed's age", () => {
  test.each([
    ["RBG2(P)", 600_000],
    ["RBGC", 60_000],
  ] as const)(
    "%s: the last answer at %i ms less one, counted from the material",
    async (shape, limit) => {
      house = await openHouse({ shape });
      const live = house.drbg.instances().find(({ id }) => id === "http")!.seed!;
      const { atMilliseconds } = house.seedRecorder.durable.get(live)!;
      house.clock.advance(limit - 1 - (house.clock.wallMilliseconds() - atMilliseconds));
      expect(bytesOf(await house.draw(1)).seed).toBe(live);
      const { made } = house.seedRecorder;
      const early = made.map(({ id }) => id);
      house.clock.advance(1);
      expect(bytesOf(await house.draw(1)).seed).not.toBe(live);
      // What was prepared in the same second is as old then, and is not used any more either.
      house.clock.advance(1000);
      expect(early).not.toContain(bytesOf(await house.draw(1)).seed);
      await house.clock.run(1000);
    },
  );

  test("counts on the wall clock too, as the other one stands still in a suspend", async () => {
    house = await openHouse({ shape: "RBGC" });
    const { seed } = bytesOf(await house.draw(1));
    house.clock.jumpWall(60_000);
    expect(bytesOf(await house.draw(1)).seed).not.toBe(seed);
    await house.clock.run(1000);
  });

  test("an idle service neither writes records nor spends noise", async () => {
    house = await openHouse();
    const { length } = house.seedRecorder.made;
    for (let i = 0; i < 20; i++) {
      house.feed(1);
      await house.clock.run(60_000);
    }
    expect(house.seedRecorder.made).toHaveLength(length);
    expect(house.drbg.instances().map(({ state }) => state)).not.toContain("spent");
    expect(bytesOf(await house.draw(32)).bytes).toHaveLength(32);
    await house.clock.run(1000);
  });
});

describe("an RBGC", () => {
  test("ends a seed at its bytes: a generate of 64 KiB, and a split at the limit", async () => {
    house = await openHouse({ shape: "RBGC", limits: { bytes: 100_000 } });
    const first = bytesOf(await house.draw(65_536));
    expect(first.outputs).toEqual([`${first.seed}.1`]);
    const second = bytesOf(await house.draw(65_536));
    expect(second.outputs).toEqual([`${first.seed}.2`, `${second.seed}.1`]);
    expect(house.left("http")).toBe(100_000 - (2 * 65_536 - 100_000));
  });

  test("ends a seed at its requests, and reserves so many counters", async () => {
    house = await openHouse({ shape: "RBGC", limits: { requests: 3 } });
    const seeds: string[] = [];
    for (let i = 0; i < 7; i++) {
      seeds.push(bytesOf(await house.draw(1)).outputs[0]!);
      await house.clock.run(30);
    }
    expect(seeds.map((id) => Number(id.split(".")[1]))).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect([...house.seedRecorder.durable.values()].every((s) => s.counterLimit === 3)).toBe(true);
  });
});

test("no door fills its queue before every door has its first seeds", async () => {
  house = new House();
  house.drbg.start();
  house.feed(6);
  await house.clock.run(10);
  expect(house.drbg.instances().map(({ state }) => state)).not.toContain("unseeded");
  house.feed(5);
  await house.clock.run(30);
  const prepared = new Map(
    house.drbg.instances().map(({ id, preparedSeeds }) => [id, preparedSeeds]),
  );
  expect([...prepared]).toEqual([
    ["http", 1],
    ["stream", 1],
    ["websocket", 1],
    ["keys", 1],
    ["fresh", 0],
    ["internal", 1],
  ]);
});

test("a request whose time runs out in the middle gets nothing, not a part", async () => {
  house = await openHouse();
  house.seeds.blocks = [];
  house.onReseed = () => house.clock.advance(6000);
  const refused = refusalOf(await house.draw(49_152, { maxSeedAgeSeconds: 5 }));
  expect(refused).toMatchObject({ code: "pool_exhausted" });
  house.onReseed = null;
});

test("every door has an instance of its own, seeded for it", async () => {
  house = await openHouse();
  const seeds = new Set<string>();
  const doors: Door[] = ["http", "stream", "websocket", "keys", "internal"];
  for (const door of doors) {
    const { seed } = bytesOf(await house.draw(32, {}, { door }));
    expect(house.seedRecorder.durable.get(seed)!.instance).toBe(door);
    seeds.add(seed);
  }
  expect(seeds.size).toBe(doors.length);
});
