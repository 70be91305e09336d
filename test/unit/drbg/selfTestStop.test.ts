import { afterEach, expect, test, vi } from "vitest";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { openHouse, refusalOf } from "./house.ts";
import type { House } from "./house.ts";

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  expect(house.unanswered).toBe(0);
});

test("they run at the start, every ten minutes, and on demand", async () => {
  house = await openHouse();
  const at = () => house.drbg.selfTests()[0]!.atMilliseconds;
  const start = at();
  await house.clock.run(600_000);
  expect(at()).toBe(start + 600_000);
  await house.clock.run(1000);
  house.drbg.runSelfTests();
  expect(at()).toBe(start + 601_000 + 500);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

test("one that fails stops every door, draws that wait, records that wait, and streams", async () => {
  house = await openHouse();
  const request = { door: "stream", principal: "p", purpose: "stream", requirement: {} } as const;
  const stream = house.drbg.stream({ ...request, bytes: null }, new AbortController().signal);
  house.seeds.blocks = [];
  for (let i = 0; i < 9; i++) await stream.next();
  const sleeping = stream.next();
  for (let i = 0; i < 3; i++) await house.draw(16_384);
  house.feed(4);
  house.seedRecorder.mode = "hangs";
  house.outputRecorder.mode = "hangs";
  const waits = house.begin(32);
  const fresh = house.begin(32, { fresh: true });
  const recorded = house.begin(32, {}, { recorded: true, door: "keys" });
  await house.clock.run(10);
  house.sound = false;
  await house.clock.run(600_000 - 1000);
  // The waits above were bounded; new ones are under way when the test fails.
  house.feed(20);
  const late = house.begin(32);
  const lateKey = house.begin(32, {}, { recorded: true, door: "internal" });
  house.drbg.runSelfTests();
  const { length } = house.seeds.taken;
  house.seedRecorder.release(true);
  house.outputRecorder.release(true);
  await house.clock.run(10);
  expect(house.seeds.taken).toHaveLength(length);
  for (const { result } of [late, lateKey]) expect(refusalOf(result).code).toBe("self_test_failed");
  for (const { result } of [waits, fresh, recorded]) expect(result?.ok).toBe(false);
  expect(await sleeping).toMatchObject({ done: true, value: { code: "self_test_failed" } });
  for (const door of ["http", "stream", "websocket", "keys", "internal", "fresh"] as const) {
    expect(refusalOf(await house.draw(1, {}, { door })).code).toBe("self_test_failed");
  }
  expect(house.drbg.instances().map(({ state }) => state)).toEqual(
    Array.from({ length: 6 }, () => "error"),
  );
  expect(house.events.filter(({ kind }) => kind === "self_test_failed")).toHaveLength(1);
});

test("a generate that throws stops every door, as a failed self-test does", async () => {
  house = await openHouse();
  const out = vi.spyOn(HmacDrbg.prototype, "generate").mockImplementationOnce(() => {
    throw new Error("a broken machine");
  });
  await expect(house.draw(32)).rejects.toThrow("a broken machine");
  out.mockRestore();
  for (const door of ["http", "keys"] as const) {
    expect(refusalOf(await house.draw(32, {}, { door })).code).toBe("self_test_failed");
  }
  house.drbg.stop();
});

test("after a failure neither a pass, nor noise, nor time brings anything out again", async () => {
  house = await openHouse();
  house.sound = false;
  house.drbg.runSelfTests();
  expect(house.drbg.instances().every(({ preparedSeeds }) => preparedSeeds === 0)).toBe(true);
  house.sound = true;
  expect(house.drbg.runSelfTests()[0]!.passed).toBe(true);
  const { length } = house.seeds.taken;
  house.feed(40);
  house.drbg.reseedAll("operator");
  await house.clock.run(700_000);
  expect(refusalOf(await house.draw(1)).code).toBe("self_test_failed");
  expect(house.seeds.taken).toHaveLength(length);
  expect(house.seeds.notOverwritten).toBe(0);
  house.drbg.stop();
});

test("a stop refuses what comes after it and leaves no timer behind", async () => {
  house = await openHouse();
  for (let i = 0; i < 3; i++) await house.draw(16_384);
  house.seedRecorder.mode = "hangs";
  await house.clock.run(100);
  expect(house.seedRecorder.waiting).toBeGreaterThan(0);
  house.drbg.stop();
  expect(refusalOf(await house.draw(1)).code).toBe("shutting_down");
  house.seedRecorder.release(true);
  await house.clock.run(0);
  expect(house.seeds.notOverwritten).toBe(0);
  expect(house.drbg.instances().every(({ state }) => state === "unseeded")).toBe(true);
  expect(house.clock.pending).toBe(0);
  house.feed(4);
  house.drbg.reseedAll("operator");
  house.drbg.discardSource("a");
  expect(house.clock.pending).toBe(0);
});
