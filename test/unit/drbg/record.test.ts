import { afterEach, describe, expect, test, vi } from "vitest";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { bytesOf, House, openHouse, refusalOf } from "./house.ts";

let house: House;

afterEach(() => {
  vi.restoreAllMocks();
  expect(house.rules.faults).toEqual([]);
  expect(house.unanswered).toBe(0);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

/** Nothing prepared at the door, so that the next draw waits for a record. */
async function spent(): Promise<House> {
  const opened = await openHouse();
  opened.seedRecorder.mode = "fails";
  for (let i = 0; i < 3; i++) await opened.draw(16_384);
  return opened;
}

describe("a seed's record", () => {
  test("that fails gives no output, a clear refusal, and recovers by itself", async () => {
    house = await spent();
    const refused = refusalOf(await house.draw(32));
    expect(refused.code).toBe("store_failed");
    expect(refused.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    await house.clock.run(20_000);
    expect(refusalOf(await house.draw(32)).code).toBe("store_failed");
    house.seedRecorder.mode = "takes";
    // Whoever waits as long as was advised is served.
    await house.clock.run(refusalOf(await house.draw(32)).retryAfterSeconds! * 1000);
    bytesOf(await house.draw(32));
    await house.clock.run(100);
    expect(house.prepared("http")).toBe(2);
  });

  test("is tried again without a draw, a new block or a restart", async () => {
    house = await spent();
    await house.clock.run(60_000);
    house.seedRecorder.mode = "takes";
    await house.clock.run(40_000);
    expect(house.prepared("http")).toBe(2);
  });

  test("is tried again even where one seed alone is missing", async () => {
    house = await openHouse({ shape: "RBGC", limits: { bytes: 16_384 } });
    house.seedRecorder.mode = "fails";
    for (let i = 0; i < 2; i++) await house.draw(16_384);
    await house.clock.run(60_000);
    house.seedRecorder.mode = "takes";
    await house.clock.run(40_000);
    expect(house.prepared("http")).toBe(1);
  });

  test("costs a full disk no more than a trickle of noise", async () => {
    house = await spent();
    const { length } = house.seeds.taken;
    for (let i = 0; i < 300; i++) {
      house.feed(1);
      await house.draw(32);
      await house.clock.run(200);
    }
    // A minute: after 1, 2, 4, 8, 16 and 30 s.
    expect(house.seeds.taken.length - length).toBeLessThanOrEqual(8);
  });

  test("at the very first start leaves the service not ready until it is taken", async () => {
    house = new House();
    house.seedRecorder.mode = "fails";
    house.drbg.start();
    house.feed(40);
    await house.clock.run(3000);
    expect(refusalOf(await house.draw(32)).code).toBe("store_failed");
    house.seedRecorder.mode = "takes";
    await house.clock.run(40_000);
    bytesOf(await house.draw(32));
  });

  test("that is never answered hangs no request, however many wait", async () => {
    house = await openHouse();
    house.seedRecorder.mode = "hangs";
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    const waiting = Array.from({ length: 70 }, () => house.begin(32));
    const fresh = Array.from({ length: 10 }, () => house.begin(32, { fresh: true }));
    await house.clock.run(4999);
    expect(waiting.filter(({ result }) => result === undefined)).toHaveLength(64);
    await house.clock.run(1);
    for (const { result } of waiting.slice(0, 64)) {
      expect(refusalOf(result).code).toBe("store_failed");
    }
    for (const { result } of [...waiting.slice(64), ...fresh.slice(8)]) {
      expect(refusalOf(result).code).toBe("busy");
    }
    for (const { result } of fresh.slice(0, 8)) expect(refusalOf(result).code).toBe("store_failed");
    // Only the first took noise: the others' time was over when their turn came.
    expect(house.seedRecorder.made.filter(({ reason }) => reason === "fresh")).toHaveLength(1);
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(0);
    bytesOf(await house.draw(32));
  });

  test("that is taken while requests wait answers all of them, each with its own bytes", async () => {
    house = await openHouse();
    house.seedRecorder.mode = "hangs";
    for (let i = 0; i < 3; i++) await house.draw(16_384);
    const waiting = Array.from({ length: 20 }, () => house.begin(32));
    await house.clock.run(100);
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(0);
    const all = waiting.map(({ result }) => Buffer.from(bytesOf(result).bytes).toString("hex"));
    expect(new Set(all).size).toBe(20);
  });
});

describe("an output's record", () => {
  test("is durable before the answer, one for each generate", async () => {
    house = await openHouse();
    house.outputRecorder.mode = "hangs";
    const drawn = house.begin(
      20_000,
      { strength: 128 },
      { recorded: true, purpose: "key:aes-256" },
    );
    await house.clock.run(100);
    expect(drawn.result).toBeUndefined();
    house.outputRecorder.release(true);
    await house.clock.run(0);
    const { outputs } = bytesOf(drawn.result);
    expect(outputs).toHaveLength(2);
    for (const id of outputs) {
      expect(house.outputRecorder.durable.get(id)).toMatchObject({
        id,
        principal: "p",
        purpose: "key:aes-256",
        requirement: { strength: 128 },
      });
    }
  });

  test.each(["fails", "hangs"] as const)(
    "that %s refuses the answer and overwrites the bytes",
    async (mode) => {
      house = await openHouse();
      const outs: Uint8Array[] = [];
      const { generate } = HmacDrbg.prototype;
      vi.spyOn(HmacDrbg.prototype, "generate").mockImplementation(function (
        this: HmacDrbg,
        ...given
      ) {
        outs.push(given[0]);
        return generate.apply(this, given);
      });
      house.outputRecorder.mode = mode;
      const drawn = house.begin(20_000, {}, { recorded: true });
      await house.clock.run(5000);
      expect(refusalOf(drawn.result).code).toBe("store_failed");
      // The model's own generates are among them; ours are the views of one array of 20,000.
      const ours = outs.filter(({ buffer }) => buffer.byteLength === 20_000);
      expect(ours).toHaveLength(2);
      for (const out of ours) expect(out.every((byte) => byte === 0)).toBe(true);
      house.outputRecorder.release(false);
      await house.clock.run(0);
    },
  );
});
