import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { preparedSeeds } from "../../../src/drbg/policy.ts";
import { SeedsAhead } from "../../../src/drbg/seedsAhead.ts";
import { openHouse, type House, type HouseOptions } from "./house.ts";

/* Seeds ahead of need follow the pace at which they are used, and an idle service makes none. */

const RECORD_MILLISECONDS = 10;
const SEED_BYTES = 1024;
const MOST = preparedSeeds("RBGC", "http").most;
const OFTEN: HouseOptions = { shape: "RBGC", limits: { bytes: SEED_BYTES } };

let house: House;

/** A record takes its time; the room is full at first. */
async function openSlowly(options: HouseOptions): Promise<void> {
  house = await openHouse(options);
  const { seedRecorder, clock } = house;
  const write = seedRecorder.write.bind(seedRecorder);
  seedRecorder.write = async () => {
    await new Promise<void>((resolve) => clock.schedule(RECORD_MILLISECONDS, resolve));
    await write();
  };
}

/** So many seeds' worth every 5 ms; how many of the draws had to wait. */
async function use(milliseconds: number, seedsEach: number): Promise<number> {
  let waited = 0;
  for (let at = 0; at < milliseconds; at += 5) {
    for (let i = 0; i < seedsEach; i++) if (!isAtOnce()) waited++;
    await house.clock.run(5);
  }
  return waited;
}

function isAtOnce(): boolean {
  const request = { bytes: SEED_BYTES, door: "http", principal: "p", purpose: "random" } as const;
  const result = house.drbg.draw({ ...request, requirement: {} });
  if (!(result instanceof Promise)) {
    house.rules.answered({ ...request, requirement: {} }, result);
    return true;
  }
  void result.then((later) => house.rules.answered({ ...request, requirement: {} }, later));
  return false;
}

describe("a door that uses up a seed faster than one is made durable", () => {
  beforeEach(() => openSlowly(OFTEN));

  afterEach(() => {
    expect(house.rules.faults).toEqual([]);
    house.drbg.stop();
  });

  test("waits at first, and then no more", async () => {
    expect(await use(500, 3)).toBeGreaterThan(0);
    expect(await use(2000, 3)).toBe(0);
    expect(house.prepared("http")).toBeLessThanOrEqual(MOST);
  });

  test("keeps ever fewer ahead as it uses fewer", async () => {
    await use(1000, 3);
    const many = house.prepared("http");
    await use(2000, 1);
    await use(100_000, 0);
    await use(5, 1);
    await house.clock.run(1000);
    expect(many).toBeGreaterThan(10);
    expect(house.prepared("http")).toBe(1);
  });

  test("makes nothing while it is idle, and no more than one after its seeds have lapsed", async () => {
    await use(1000, 3);
    await house.clock.run(1000);
    const { length } = house.seedRecorder.made;
    await house.clock.run(3_600_000);
    expect(house.seedRecorder.made).toHaveLength(length);
    await use(5, 1);
    await house.clock.run(3_600_000);
    // The one that the draw waited for, and the next.
    expect(house.seedRecorder.made.length - length).toBe(2);
  });

  test("makes no other door keep more", async () => {
    await use(1000, 3);
    await house.clock.run(1000);
    expect(house.prepared("keys")).toBe(1);
    expect(house.prepared("fresh")).toBe(0);
  });
});

test("a draw that waits takes what comes first, and those behind it what that leaves", async () => {
  await openSlowly(OFTEN);
  await use(500, 3);
  await house.clock.run(1000);
  const { seedRecorder, clock } = house;
  const doors: (() => void)[] = [];
  seedRecorder.write = () => new Promise<void>((resolve) => doors.push(resolve));
  while (house.prepared("http") > 0) expect(isAtOnce()).toBe(true);
  await clock.run(50);
  const draws = [400, 400, 400].map((bytes) => house.begin(bytes));
  await clock.run(0);
  expect([doors.length > 3, draws.map(({ result }) => result)]).toEqual([
    true,
    Array(3).fill(undefined),
  ]);
  doors[0]!();
  await clock.run(0);
  expect(draws.map(({ result }) => result?.ok)).toEqual([true, true, undefined]);
  for (const open of doors) open();
  await clock.run(0);
  expect(draws[2]!.result?.ok).toBe(true);
  expect(house.rules.faults).toEqual([]);
  house.drbg.stop();
});

test("scarce noise goes to every door in turn, however many seeds one of them would keep", async () => {
  house = await openHouse();

  for (let i = 0; i < 3; i++) {
    house.feed(20);
    await house.draw(65_536);
    await house.draw(65_536);
    await house.clock.run(100);
  }
  const greedy = house.prepared("http");
  house.seeds.blocks = [];
  while ((await house.draw(16_384)).ok);
  while ((await house.draw(16_384, {}, { door: "keys" })).ok);
  expect([house.prepared("http"), house.prepared("keys")]).toEqual([0, 0]);
  house.feed(4);
  await house.clock.run(10_000);
  expect([greedy > 4, house.prepared("http"), house.prepared("keys")]).toEqual([true, 2, 2]);
  house.drbg.stop();
});

describe("SeedsAhead", () => {
  test("wants twice what was used meanwhile, less one, and at most the most", () => {
    const ahead = new SeedsAhead(1, MOST);
    const { mark } = ahead;
    for (let i = 0; i < 5; i++) ahead.used();
    ahead.arrived(mark);
    expect(ahead.wanted).toBe(9);
    for (let i = 0; i < 1000; i++) ahead.used();
    ahead.arrived(mark);
    expect(ahead.wanted).toBe(MOST);
  });

  test("counts from the fill before the one that a seed is made in", () => {
    const ahead = new SeedsAhead(1, MOST);
    for (let i = 0; i < 5; i++) ahead.used();
    ahead.filled();
    ahead.used();
    const { mark } = ahead;
    ahead.filled();
    ahead.used();
    ahead.arrived(mark);
    expect(ahead.wanted).toBe(3);
  });

  test("gives way by one for every 64 seeds, and at once for a drop, down to what it began with", () => {
    const ahead = new SeedsAhead(2, MOST);
    for (let i = 0; i < 3; i++) ahead.used();
    ahead.arrived(0);
    const wanted: number[] = [];
    for (let i = 0; i < 256; i++) {
      ahead.filled();
      ahead.used();
      ahead.arrived(ahead.mark);
      if (i % 64 === 63) wanted.push(ahead.wanted);
    }
    expect(wanted).toEqual([4, 3, 2, 2]);
    expect(ahead.most).toBe(5);
    ahead.dropped();
    expect([ahead.wanted, ahead.most]).toEqual([2, 2]);
  });

  test("wants nothing where nothing may be prepared", () => {
    const ahead = new SeedsAhead(0, 0);
    for (let i = 0; i < 9; i++) ahead.used();
    ahead.arrived(0);
    expect(ahead.wanted).toBe(0);
  });
});
