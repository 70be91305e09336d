import { afterEach, describe, expect, test } from "vitest";
import { bytesOf, House, openHouse, refusalOf } from "./house.ts";

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  expect(house.unanswered).toBe(0);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

describe("when no quorum is left", () => {
  test("an instance gives what is left of its seed and not a byte more, then 503", async () => {
    house = await openHouse();
    await house.draw(6384);
    expect(house.prepared("http")).toBe(2);
    house.loseQuorum();
    await house.draw(9999);
    expect(refusalOf(await house.draw(2)).unmet).toEqual(["quorum"]);
    expect(bytesOf(await house.draw(1)).bytes).toHaveLength(1);
    await house.clock.run(5000);
    const refused = refusalOf(await house.draw(1));
    expect(refused).toMatchObject({ code: "unmet", unmet: ["quorum"] });
    expect(refused.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(house.drbg.instances().find(({ id }) => id === "http")!.state).toBe("spent");
  });

  test("every door is held: nobody gets more than the seed in its own instance", async () => {
    house = await openHouse();
    house.loseQuorum();
    for (const door of ["http", "stream", "websocket", "keys", "internal"] as const) {
      for (let i = 0; i < 20; i++) await house.draw(1024, {}, { door });
    }
    expect(house.rules.bytesServed).toBe(5 * 16_384);
  });

  test("what is prepared is kept, and used when the quorum is back", async () => {
    house = await openHouse();
    await house.draw(16_384);
    await house.clock.run(100);
    const made = house.seedRecorder.made.map(({ id }) => id);
    house.loseQuorum();
    expect(house.prepared("http")).toBe(2);
    expect(refusalOf(await house.draw(1)).code).toBe("unmet");
    house.regainQuorum();
    const { seed } = bytesOf(await house.draw(1));
    expect(made).toContain(seed);
  });

  test("what was held too long is not used any more", async () => {
    house = await openHouse();
    await house.draw(16_384);
    const before = house.seedRecorder.made.map(({ id }) => id);
    house.loseQuorum();
    await house.clock.run(600_000);
    house.regainQuorum();
    house.feed(4);
    expect(before).not.toContain(bytesOf(await house.draw(1)).seed);
    await house.clock.run(1000);
  });

  test("a seed that becomes durable only after the loss is held as well", async () => {
    house = await openHouse();
    await house.draw(49_152);
    house.seedRecorder.mode = "hangs";
    const waits = house.begin(1);
    await house.clock.run(0);
    expect(house.seedRecorder.waiting).toBeGreaterThan(0);
    house.loseQuorum();
    house.seedRecorder.release(true);
    await house.clock.run(0);
    expect(refusalOf(waits.result)).toMatchObject({ code: "unmet", unmet: ["quorum"] });
    house.seedRecorder.mode = "takes";
  });

  test("an instance that had no seed yet stays without one", async () => {
    house = await openHouse();
    house.drbg.reseedAll("clock_jump");
    house.seedRecorder.mode = "hangs";
    await house.clock.run(100);
    house.loseQuorum();
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(1000);
    expect(refusalOf(await house.draw(1)).unmet).toEqual(["quorum"]);
    const held = house.prepared("http");
    house.regainQuorum();
    // At once, and without a new seed being made for it.
    const { length } = house.seedRecorder.made;
    expect(held).toBeGreaterThan(0);
    expect(bytesOf(await house.draw(1)).bytes).toHaveLength(1);
    expect(house.seedRecorder.made).toHaveLength(length);
  });

  test("a first seed that was held is used as soon as it may be", async () => {
    house = new House();
    house.seedRecorder.mode = "hangs";
    house.drbg.start();
    house.feed(6);
    await house.clock.run(100);
    house.loseQuorum();
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(0);
    expect(house.drbg.instances().every(({ state }) => state === "unseeded")).toBe(true);
    expect(refusalOf(await house.draw(1)).unmet).toEqual(["quorum"]);
    house.regainQuorum();
    expect(bytesOf(await house.draw(1)).outputs).toEqual(["s-0123456789abcdef-1.1"]);
  });

  test("fresh requests are refused at once, even while others wait for their turn", async () => {
    house = await openHouse();
    house.feed(4);
    house.seedRecorder.mode = "hangs";
    const first = house.begin(32, { fresh: true });
    await house.clock.run(0);
    house.loseQuorum();
    const second = house.begin(32, { fresh: true });
    await house.clock.run(0);
    expect(refusalOf(second.result)).toMatchObject({
      code: "unmet",
      unmet: ["fresh", "quorum", "sources"],
    });
    house.seedRecorder.release(true);
    await house.clock.run(0);
    expect(refusalOf(first.result).unmet).toContain("fresh");
    house.seedRecorder.mode = "takes";
  });

  test("a request for K sources is told of its own number too", async () => {
    house = await openHouse();
    await house.draw(16_384);
    house.loseQuorum();
    expect(refusalOf(await house.draw(1, { sources: 1 })).unmet).toEqual(["quorum", "sources"]);
  });

  test("over a parent that is not healthy the same holds", async () => {
    house = await openHouse({ shape: "RBGC", limits: { bytes: 16_384 } });
    await house.draw(16_000);
    house.loseQuorum();
    expect(bytesOf(await house.draw(384)).bytes).toHaveLength(384);
    expect(refusalOf(await house.draw(1))).toMatchObject({ code: "unmet", unmet: ["parent"] });
    house.regainQuorum();
    expect(bytesOf(await house.draw(1)).bytes).toHaveLength(1);
  });
});
