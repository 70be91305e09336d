import { afterEach, describe, expect, test } from "vitest";
import { pendingOf } from "../../../src/port/draw.ts";
import { bytesOf, openHouse, refusalOf } from "./house.ts";
import type { House } from "./house.ts";

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  expect(house.unanswered).toBe(0);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

function reseedAll(): void {
  house.rules.reseedRequired();
  house.drbg.reseedAll("generation_change");
}

describe("after a resume, a clock jump or another generation", () => {
  test("no output of an old state, nor of a seed prepared before", async () => {
    house = await openHouse();
    const old = bytesOf(await house.draw(1)).seed;
    reseedAll();
    // The rules know every seed of before, prepared ones included.
    for (const door of ["http", "stream", "keys", "internal", "websocket"] as const) {
      expect(bytesOf(await house.draw(32, {}, { door })).seed).not.toBe(old);
    }
    const reasons = house.events.filter(({ kind }) => kind === "reseed").map((e) => e.reason);
    expect(reasons).toContain("generation_change");
  });

  test("nothing at all without new material", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    reseedAll();
    expect(refusalOf(await house.draw(1)).code).toBe("pool_exhausted");
    expect(refusalOf(await house.draw(1, { fresh: true })).unmet).toEqual(["fresh"]);
    const states = house.drbg.instances().filter(({ id }) => id !== "fresh");
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(["spent"]));
    house.feed(8);
    await house.clock.run(100);
    bytesOf(await house.draw(1));
  });

  test("what is being made is dropped, and made anew without anybody asking", async () => {
    house = await openHouse({ shape: "RBGC" });
    const old = house.drbg.instances().map(({ seed }) => seed);
    house.seedRecorder.mode = "hangs";
    reseedAll();
    await house.clock.run(100);
    // The second comes while the first one's seeds are being written.
    reseedAll();
    await house.clock.run(100);
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(100);
    for (const { id, state, preparedSeeds, seed } of house.drbg.instances()) {
      expect(old).not.toContain(seed);
      expect({ id, state, preparedSeeds }).toEqual({
        id,
        state: "ready",
        preparedSeeds: id === "fresh" ? 0 : 1,
      });
    }
  });

  test("a draw that waits is answered from after it", async () => {
    house = await openHouse();
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    house.seedRecorder.mode = "hangs";
    const waits = house.begin(32);
    await house.clock.run(10);
    reseedAll();
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(10);
    bytesOf(waits.result);
  });

  test("an output that waits for its own record is thrown away", async () => {
    house = await openHouse();
    house.outputRecorder.mode = "hangs";
    const key = house.begin(32, {}, { recorded: true });
    await house.clock.run(10);
    reseedAll();
    house.outputRecorder.release(true);
    await house.clock.run(10);
    expect(refusalOf(key.result)).toMatchObject({ code: "pool_exhausted", retryAfterSeconds: 1 });
  });
});

test("an output whose record is somebody else's to keep says when it was overtaken", async () => {
  house = await openHouse();
  // Past the model, which learns of outputs by their records.
  const draw = async () => {
    const what = { door: "keys", principal: "p", purpose: "key", requirement: {} } as const;
    const drawing = Promise.resolve(
      house.drbg.draw({ ...what, bytes: 20_000, recorded: "pending" }),
    );
    await house.clock.run(100);
    return bytesOf(await drawing);
  };
  const drawn = await draw();
  const pending = pendingOf(drawn);
  expect(pending.outputs).toMatchObject([{ bytes: 16_384, purpose: "key" }, { bytes: 3_616 }]);
  expect(pending.outputs.map(({ id }) => id)).toEqual(drawn.outputs);
  expect(house.outputRecorder.durable.size).toBe(0);
  expect(pending.refusal()).toBeNull();
  reseedAll();
  expect(pending.refusal()).toMatchObject({ code: "pool_exhausted", retryAfterSeconds: 1 });
  const later = pendingOf(await draw());
  expect(later.refusal()).toBeNull();
  house.drbg.selfTestFailed("hmac");
  expect(later.refusal()).toMatchObject({ code: "self_test_failed" });
});

describe("when a source failed", () => {
  test("prepared seeds that drew on it are gone, the others stay", async () => {
    house = await openHouse();
    house.regainQuorum("a", "b");
    house.seeds.blocks = [];
    await house.draw(32_768);
    house.feed(20, "b");
    await house.clock.run(100);
    const before = house.prepared("http");
    house.rules.discarded("b");
    house.seeds.discard("b");
    house.drbg.discardSource("b");
    expect(house.prepared("http")).toBeLessThan(before);
    expect(house.prepared("stream")).toBe(8);
  });

  test("a seed under way that drew on it is never handed out", async () => {
    house = await openHouse();
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    house.seedRecorder.mode = "hangs";
    await house.clock.run(100);
    house.rules.discarded("a");
    house.seeds.discard("a");
    house.drbg.discardSource("a");
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(100);
    expect(refusalOf(await house.draw(32)).code).toBe("pool_exhausted");
  });

  test("over the OS RNG: what was prepared from it before its alarm is never used", async () => {
    house = await openHouse({ shape: "RBGC" });
    house.loseQuorum();
    const before = house.seedRecorder.made.length;
    expect(house.prepared("http")).toBe(1);
    house.drbg.discardSource("os");
    expect(house.prepared("http")).toBe(0);
    house.regainQuorum();
    house.drbg.poolChanged();
    await house.clock.run(100);
    expect(house.prepared("http")).toBe(1);
    expect(house.seedRecorder.made.length).toBeGreaterThan(before);
  });

  test("the live seed goes on to its limit", async () => {
    house = await openHouse();
    await house.draw(1);
    house.rules.discarded("a");
    house.seeds.discard("a");
    house.drbg.discardSource("a");
    house.loseQuorum();
    await house.draw(16_383);
    expect(refusalOf(await house.draw(1)).code).toBe("unmet");
  });
});
