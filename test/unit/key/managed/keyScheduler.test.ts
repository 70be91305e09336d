import { describe, expect, test } from "vitest";
import { SpringhouseError } from "../../../../src/port/errors.ts";
import type { PairMaker } from "../../../../src/key/pair/pairMaker.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { temporaryState } from "../../../support/temporaryState.ts";
import { OWNER, given, openRig } from "./rig.ts";
import type { Rig } from "./rig.ts";
import { pairsInThisThread } from "../../../support/pairsInThisThread.ts";

const DAY = 86_400_000;
const MILK = Buffer.from("milk");

async function made(rig: Rig, policy: object, more: object = {}): Promise<string> {
  const order = { type: "aes-256", policy, ...more };
  return given(await rig.room.service.create(order, {}, OWNER)).record.id;
}

const stateOf = async (rig: Rig, id: string) => (await rig.stored()).get(id)!;
const consistent = async (rig: Rig) => expect(await rig.stored()).toEqual(await rig.replayed());

/** Much later: the schedule looks at the wall clock every minute, and no test waits through all of them. */
async function later(rig: Rig, milliseconds: number): Promise<void> {
  rig.clock.jumpWall(milliseconds - 61_000);
  await rig.clock.run(61_000);
}

describe("rotation", () => {
  test("by time, with an overlap, for two years", async () => {
    await using rig = await openRig();
    rig.room.start();
    const id = await made(rig, { rotation: { everyDays: 90, overlapDays: 7 } });
    await later(rig, 90 * DAY + 1000);
    expect(await stateOf(rig, id)).toMatchObject({ primary: 2, states: ["active", "active"] });
    await later(rig, 7 * DAY);
    expect((await stateOf(rig, id)).states).toEqual(["deactivated", "active"]);
    for (let day = 97; day < 737; day++) await later(rig, DAY);
    expect(await stateOf(rig, id)).toMatchObject({
      primary: 9,
      states: [...Array.from({ length: 8 }, () => "deactivated"), "active"],
    });
    expect((await rig.leaves()).find(({ op }) => op === "rotate")).toMatchObject({
      actor: "springhouse",
      reason: "time",
      birth: expect.anything(),
    });
    await consistent(rig);
  });

  test("by operations, while clients encrypt on", async () => {
    await using rig = await openRig();
    rig.room.start();
    const id = await made(rig, { rotation: { maximumOperations: 20, maximumBytes: null } });
    const versions = new Set<number>();
    for (let n = 0; n < 65; n++) {
      versions.add(given(await rig.room.operations.encrypt(id, OWNER, MILK, {})).version);
      await rig.clock.run(1);
    }
    expect([...versions]).toEqual([1, 2, 3, 4]);
    expect((await stateOf(rig, id)).primary).toBe(4);
    await consistent(rig);
  });

  test("by bytes", async () => {
    await using rig = await openRig();
    rig.room.start();
    const id = await made(rig, { rotation: { maximumBytes: 8 } });
    for (let n = 0; n < 2; n++) given(await rig.room.operations.encrypt(id, OWNER, MILK, {}));
    await rig.clock.run(10);
    expect(await stateOf(rig, id)).toMatchObject({
      primary: 2,
      states: ["deactivated", "active"],
    });
  });

  test("on demand, and by the schedule at the same time: exactly one", async () => {
    await using rig = await openRig();
    const id = await made(rig, { rotation: { everyDays: 1 } });
    await later(rig, DAY);
    // Somebody's rotation is under way when the schedule finds the key due.
    const { promise: looked, resolve: goOn } = Promise.withResolvers<void>();
    rig.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "managedKey.update")) await looked;
    };
    const asked = rig.room.service.rotate(id, {}, OWNER);
    rig.room.start();
    await rig.clock.run(100);
    goOn();
    given(await asked);
    await rig.clock.run(1000);
    expect((await stateOf(rig, id)).primary).toBe(2);
    await consistent(rig);
  });

  test("what is due stands in the database: another start does it, once", async () => {
    await using state = await temporaryState();
    const clock = new FakeClock();
    const first = await openRig({ clock, directory: state.directory });
    const id = await made(first, { rotation: { everyDays: 1 } });
    await first[Symbol.asyncDispose]();
    clock.jumpWall(3 * DAY);
    for (let start = 0; start < 2; start++) {
      const rig = await openRig({ clock, directory: state.directory });
      rig.room.start();
      await clock.run(1000);
      expect(await stateOf(rig, id)).toMatchObject({
        primary: 2,
        states: ["deactivated", "active"],
      });
      await consistent(rig);
      await rig[Symbol.asyncDispose]();
    }
  });

  test("a pair that cannot be made holds up its own key alone, is told of, and comes when it can be", async () => {
    let isBroken = false;
    const pairs: PairMaker = {
      make: (type, seed) =>
        isBroken
          ? Promise.reject(new Error("the thread that makes pairs ended"))
          : pairsInThisThread.make(type, seed),
    };
    await using rig = await openRig({ pairs });
    rig.room.start();
    const policy = { rotation: { everyDays: 1 } };
    const pair = await made(rig, policy, { type: "ed25519" });
    await rig.clock.run(1000);
    const behind = await made(rig, policy);
    isBroken = true;
    await later(rig, DAY);
    await rig.clock.run(120_000);
    expect((await stateOf(rig, behind)).primary).toBe(2);
    expect((await stateOf(rig, pair)).primary).toBe(1);
    expect(rig.failures[0]).toContain(`rotate ${pair}`);
    isBroken = false;
    await rig.clock.run(120_000);
    expect((await stateOf(rig, pair)).primary).toBe(2);
    await consistent(rig);
  });

  test("a sealed vault or a full disk holds it up; what needs no material goes on, and all of it comes", async () => {
    await using rig = await openRig();
    rig.room.start();
    const rotated = await made(rig, { rotation: { everyDays: 1 } });
    const ends = rig.clock.wallMilliseconds() + 2 * DAY;
    const expires = await made(rig, { notAfterMilliseconds: ends });
    rig.vault.seal("at lunch");
    await later(rig, 2 * DAY + 1000);
    expect(rig.failures[0]).toContain(`rotate ${rotated}: at lunch`);
    // Tried again, ever more seldom.
    await rig.clock.run(600_000);
    expect(rig.failures.length).toBeGreaterThan(5);
    expect(rig.failures.length).toBeLessThan(20);
    expect((await stateOf(rig, expires)).states).toEqual(["deactivated"]);
    expect((await stateOf(rig, rotated)).primary).toBe(1);
    rig.openVault();
    rig.spoil = async (batch) => {
      if (batch.some(({ statement }) => statement === "managedKey.update"))
        throw new SpringhouseError("store_failed", "full");
    };
    await rig.clock.run(120_000);
    expect((await stateOf(rig, rotated)).primary).toBe(1);
    rig.spoil = null;
    await rig.clock.run(120_000);
    expect((await stateOf(rig, rotated)).primary).toBe(2);
    await consistent(rig);
  });
});

describe("validity", () => {
  test("begins and ends by itself", async () => {
    await using rig = await openRig();
    rig.room.start();
    const now = rig.clock.wallMilliseconds();
    const policy = { notBeforeMilliseconds: now + DAY, notAfterMilliseconds: now + 3 * DAY };
    const id = await made(rig, policy, { activate: false });
    expect((await stateOf(rig, id)).states).toEqual(["pre-activation"]);
    await later(rig, DAY + 1000);
    expect((await stateOf(rig, id)).states).toEqual(["active"]);
    await later(rig, 2 * DAY);
    expect((await stateOf(rig, id)).states).toEqual(["deactivated"]);
    await consistent(rig);
  });

  test("a clock that jumps back un-expires nothing, in this start or the next", async () => {
    await using state = await temporaryState();
    const clock = new FakeClock();
    const rig = await openRig({ clock, directory: state.directory });
    rig.room.start();
    const id = await made(rig, { notAfterMilliseconds: clock.wallMilliseconds() + DAY });
    // Expired for whoever asks, a moment before the schedule comes to it.
    clock.jumpWall(DAY);
    expect(await rig.room.operations.encrypt(id, OWNER, MILK, {})).toMatchObject({
      code: "key_use_refused",
    });
    clock.jumpWall(-2 * DAY);
    expect(await rig.room.operations.encrypt(id, OWNER, MILK, {})).toMatchObject({
      code: "key_use_refused",
    });
    await clock.run(60_000);
    expect((await stateOf(rig, id)).states).toEqual(["deactivated"]);
    await rig[Symbol.asyncDispose]();
    await using again = await openRig({ clock, directory: state.directory });
    expect(await again.room.operations.encrypt(id, OWNER, MILK, {})).toMatchObject({
      code: "conflict",
    });
  });
});
