import { afterEach, describe, expect, test, vi } from "vitest";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { STREAM_PATIENCE_MILLISECONDS } from "../../../src/drbg/stream.ts";
import type { Drawn } from "../../../src/port/draw.ts";
import type { Refusal } from "../../../src/port/errors.ts";
import type { Requirement } from "../../../src/port/lineage.ts";
import { openHouse } from "./house.ts";
import type { House } from "./house.ts";

let house: House;
let abort: AbortController;

afterEach(() => {
  vi.restoreAllMocks();
  expect(house.rules.faults).toEqual([]);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

function open(bytes: number | null = null, requirement: Requirement = {}) {
  abort = new AbortController();
  const request = {
    bytes,
    door: "stream",
    principal: "p",
    purpose: "stream",
    requirement,
  } as const;
  const stream = house.drbg.stream(request, abort.signal);
  let pending: Promise<IteratorResult<Drawn, Refusal | undefined>> | null = null;
  return {
    /** The next chunk, or undefined when there is none after `milliseconds`. */
    async next(milliseconds = 0) {
      let result: IteratorResult<Drawn, Refusal | undefined> | undefined;
      pending ??= stream.next();
      void pending.then((value) => (result = value));
      await house.clock.run(milliseconds);
      if (result === undefined) return undefined;
      pending = null;
      const { done, value } = result;
      if (done !== true) {
        house.rules.answered({ ...request, bytes: value.bytes.length }, value);
      }
      return result;
    },
  };
}

type Opened = ReturnType<typeof open>;

/** Takes what there is. @returns how many chunks */
async function drain(stream: Opened): Promise<number> {
  for (let chunks = 0; ; chunks++) if ((await stream.next()) === undefined) return chunks;
}

describe("a stream", () => {
  test("gives the count asked for, in chunks of at most 16 KiB, and ends", async () => {
    house = await openHouse();
    const stream = open(40_000);
    const lengths: number[] = [];
    for (;;) {
      const next = await stream.next(100);
      if (next?.done !== false) {
        expect(next).toEqual({ done: true, value: undefined });
        break;
      }
      lengths.push(next.value.bytes.length);
    }
    expect(lengths).toEqual([16_384, 16_384, 7232]);
  });

  test("waits at the pace of the noise, and leaves the other doors their seeds", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    const stream = open();
    expect(await drain(stream)).toBe(9);
    for (let i = 0; i < 5; i++) {
      await house.clock.run(30_000);
      house.feed(1);
      expect((await stream.next(1000))?.done).toBe(false);
    }
    expect(house.prepared("http")).toBe(2);
  });

  test("takes no new noise before the other doors have theirs", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    const stream = open();
    await drain(stream);
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    house.feed(1);
    expect(await stream.next(100)).toBeUndefined();
    expect(house.prepared("http")).toBe(1);
    house.feed(1);
    expect((await stream.next(100))?.done).toBe(false);
  });

  test("goes on when the quorum comes back", async () => {
    house = await openHouse();
    const stream = open();
    await stream.next();
    house.loseQuorum();
    // What is left of the live seed is less than a chunk.
    expect(await stream.next(STREAM_PATIENCE_MILLISECONDS - 2000)).toBeUndefined();
    house.regainQuorum();
    expect((await stream.next(1000))?.done).toBe(false);
  });

  test("goes on at the first new block, without waiting out its second", async () => {
    house = await openHouse();
    const stream = open();
    await stream.next();
    house.loseQuorum();
    expect(await stream.next(3500)).toBeUndefined();
    house.regainQuorum();
    house.feed(1);
    expect((await stream.next(20))?.done).toBe(false);
  });

  test("ends with the reason when the quorum stays away", async () => {
    house = await openHouse();
    const stream = open();
    await stream.next();
    house.loseQuorum();
    expect(await stream.next(STREAM_PATIENCE_MILLISECONDS - 1)).toBeUndefined();
    expect(await stream.next(1001)).toMatchObject({
      done: true,
      value: { code: "unmet", unmet: ["quorum"] },
    });
  });

  test("has patience anew each time", async () => {
    house = await openHouse();
    const stream = open();
    for (let i = 0; i < 4; i++) {
      await stream.next();
      house.loseQuorum();
      expect(await stream.next(20_000)).toBeUndefined();
      house.regainQuorum();
      house.feed(2);
      expect((await stream.next(1000))?.done).toBe(false);
    }
  });

  test("is refused at once when it begins without a quorum and without a seed's rest", async () => {
    house = await openHouse();
    await house.draw(1, {}, { door: "stream" });
    house.loseQuorum();
    expect(await open().next()).toMatchObject({ done: true, value: { unmet: ["quorum"] } });
  });

  test("waits while the store takes no records, and goes on by itself", async () => {
    house = await openHouse();
    const stream = open();
    house.seedRecorder.mode = "fails";
    expect(await drain(stream)).toBe(9);
    await house.clock.run(10_000);
    house.seedRecorder.mode = "takes";
    expect((await stream.next(15_000))?.done).toBe(false);
  });

  test("says that the store fails: at once where nothing was sent, else when it lasts", async () => {
    house = await openHouse();
    const stream = open();
    house.seedRecorder.mode = "fails";
    expect(await drain(stream)).toBe(9);
    expect(await stream.next(STREAM_PATIENCE_MILLISECONDS - 1)).toBeUndefined();
    expect(await stream.next(1001)).toMatchObject({ done: true, value: { code: "store_failed" } });
    expect(await open().next()).toMatchObject({ done: true, value: { code: "store_failed" } });
  });

  test("with an age asked for is not forgotten while older seeds fill the queue", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    await house.clock.run(60_000);
    const stream = open(null, { maxSeedAgeSeconds: 30 });
    house.feed(1);
    expect((await stream.next())?.done).toBe(false);
    // The pool is empty, the queue is full of seeds too old for it, and nobody else draws.
    expect(await stream.next(10_000)).toBeUndefined();
    house.feed(1);
    expect((await stream.next(1000))?.done).toBe(false);
  });

  test("that is aborted while it waits ends at once", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    const stream = open();
    await drain(stream);
    abort.abort();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("that is aborted while its chunk is under way overwrites it", async () => {
    house = await openHouse();
    const outs: Uint8Array[] = [];
    const { generate } = HmacDrbg.prototype;
    vi.spyOn(HmacDrbg.prototype, "generate").mockImplementation(function (this: HmacDrbg, out) {
      outs.push(out);
      return generate.call(this, out);
    });
    abort = new AbortController();
    house.outputRecorder.mode = "hangs";
    const request = { door: "stream", principal: "p", purpose: "s", requirement: {} } as const;
    const stream = house.drbg.stream({ ...request, bytes: 32, recorded: true }, abort.signal);
    const next = stream.next();
    await house.clock.run(10);
    expect(outs[0]!.some((byte) => byte !== 0)).toBe(true);
    abort.abort();
    house.outputRecorder.release(true);
    expect(await next).toEqual({ done: true, value: undefined });
    // The first is the room's, the second the model's.
    expect(outs[0]!.every((byte) => byte === 0)).toBe(true);
  });

  test("that waits costs next to nothing", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    const stream = open();
    await drain(stream);
    const before = house.seeds.asked;
    expect(await stream.next(60_000)).toBeUndefined();
    // Once a second, for its own door alone.
    expect(house.seeds.asked - before).toBeLessThanOrEqual(70);
  });
});
