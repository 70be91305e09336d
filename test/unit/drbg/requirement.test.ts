import { afterEach, describe, expect, test } from "vitest";
import { bytesOf, House, openHouse, refusalOf } from "./house.ts";

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  expect(house.unanswered).toBe(0);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

async function emptied(): Promise<House> {
  const opened = await openHouse();
  opened.seeds.blocks = [];
  return opened;
}

describe("a requirement", () => {
  test("that the live seed meets costs nothing", async () => {
    house = await emptied();
    const { length } = house.seedRecorder.made;
    const met = { strength: 256, sources: 1, maxSeedAgeSeconds: 60 };
    bytesOf(await house.draw(32, met));
    expect(house.seedRecorder.made).toHaveLength(length);
  });

  test("of two sources is met by a reseed from both, or names what is unmet", async () => {
    house = await openHouse();
    expect(refusalOf(await house.draw(32, { sources: 2 }))).toMatchObject({
      code: "unmet",
      unmet: ["sources"],
    });
    house.regainQuorum("a", "b");
    house.feed(2, "b");
    const { seed } = bytesOf(await house.draw(32, { sources: 2 }));
    expect(house.seedRecorder.durable.get(seed)).toMatchObject({
      reason: "requirement",
      credits: [{ source: "a" }, { source: "b" }],
    });
  });

  test("of an age is met by younger noise, shared by all who wait, or is unmet", async () => {
    house = await openHouse();
    await house.clock.run(10_000);
    const young = { maxSeedAgeSeconds: 5 };
    const { length } = house.seedRecorder.made;
    expect(refusalOf(await house.draw(32, young)).unmet).toEqual(["max_seed_age"]);
    house.feed(2);
    const answers = await Promise.all(Array.from({ length: 40 }, () => house.draw(32, young)));
    expect(new Set(answers.map((answer) => bytesOf(answer).seed)).size).toBe(1);
    await house.clock.run(1000);
    // One for the forty, and what the background made of its own accord.
    const special = house.seedRecorder.made.slice(length).filter((s) => s.reason === "requirement");
    expect(special).toHaveLength(1);
  });

  test("of an age below a second is called by its own name, not by that of freshness", async () => {
    house = await openHouse();
    await house.clock.run(10_000);
    expect(refusalOf(await house.draw(32, { maxSeedAgeSeconds: 1 })).unmet).toEqual([
      "max_seed_age",
    ]);
  });

  test("of strength: 256 is met, 257 never", async () => {
    house = await emptied();
    bytesOf(await house.draw(32, { strength: 256 }));
    expect(refusalOf(await house.draw(32, { strength: 257 }))).toMatchObject({
      code: "unmet",
      unmet: ["strength"],
      retryAfterSeconds: null,
    });
  });

  test("that cannot be met leaves the door's own reason alone", async () => {
    house = await openHouse();
    house.seeds.blocks = [];
    for (let i = 0; i < 9; i++) await house.draw(16_384, {}, { door: "stream" });
    expect(refusalOf(await house.draw(32, { sources: 5 }, { door: "stream" })).code).toBe("unmet");
    const stream = house.drbg.stream(
      { bytes: null, door: "stream", principal: "p", purpose: "stream", requirement: {} },
      new AbortController().signal,
    );
    // It waits for noise. The other client's five sources are not its business.
    const next = stream.next();
    await house.clock.run(5000);
    house.feed(8);
    await house.clock.run(1000);
    expect((await next).done).toBe(false);
    await stream.return(undefined);
  });

  test("over the OS RNG no source and no freshness can be had, and no wait is advised", async () => {
    house = await openHouse({ shape: "RBGC" });
    for (const [requirement, unmet] of [
      [{ sources: 1 }, "sources"],
      [{ fresh: true }, "fresh"],
    ] as const) {
      expect(refusalOf(await house.draw(32, requirement))).toMatchObject({
        code: "unmet",
        unmet: [unmet],
        retryAfterSeconds: null,
      });
    }
    expect(refusalOf(await house.draw(32, {}, { door: "fresh" })).unmet).toEqual(["fresh"]);
    bytesOf(await house.draw(32, { strength: 256, sources: 0, maxSeedAgeSeconds: 1 }));
  });

  test("of strength is refused where the parent has less", async () => {
    house = new House({ shape: "RBGC" });
    house.seeds.parentStrength = 192;
    house.drbg.start();
    await house.clock.run(100);
    bytesOf(await house.draw(32, { strength: 192 }));
    expect(refusalOf(await house.draw(32, { strength: 193 })).unmet).toEqual(["strength"]);
  });

  test("that a thousand requests cannot have leaves no pile of seeds behind", async () => {
    house = await openHouse({ shape: "RBGC" });
    await house.clock.run(10);
    const write = house.seedRecorder.write.bind(house.seedRecorder);
    // Each record takes a millisecond, so that a seed of age 0 is never had.
    house.seedRecorder.write = async () => {
      await write();
      house.clock.advance(1);
    };
    for (let i = 0; i < 100; i++) {
      expect(refusalOf(await house.draw(32, { maxSeedAgeSeconds: 0 })).unmet).toEqual([
        "max_seed_age",
      ]);
    }
    expect(house.prepared("http")).toBeLessThanOrEqual(2);
  });
});

test("the longest request has room for its seeds beside those that do not meet it", async () => {
  house = await openHouse();
  await house.clock.run(10_000);
  house.feed(8);
  bytesOf(await house.draw(65_536, { maxSeedAgeSeconds: 5 }));
  const made = house.seedRecorder.made.filter(({ reason }) => reason === "requirement");
  expect(made).toHaveLength(4);
});

describe("a fresh request", () => {
  test("has noise younger than a second, an instance of its own, and a seed for itself", async () => {
    house = await openHouse();
    await house.clock.run(1000);
    house.feed(3);
    const [one, two] = await Promise.all([
      house.draw(32, { fresh: true }),
      house.draw(16_384, {}, { door: "fresh" }),
    ]);
    const seeds = [bytesOf(one), bytesOf(two)].map(({ seed, outputs }) => {
      expect(outputs).toEqual([`${seed}.1`]);
      return house.seedRecorder.durable.get(seed)!;
    });
    expect(seeds[0]!.id).not.toBe(seeds[1]!.id);
    for (const seed of seeds) expect(seed).toMatchObject({ instance: "fresh", reason: "fresh" });
  });

  test("is refused a millisecond beyond the second, and met at it", async () => {
    house = await emptied();
    house.seeds.add(1);
    await house.clock.run(1001);
    expect(refusalOf(await house.draw(32, { fresh: true }))).toMatchObject({
      code: "unmet",
      unmet: ["fresh"],
    });
    house.seeds.add(1);
    await house.clock.run(1000);
    bytesOf(await house.draw(32, { fresh: true }));
  });

  test("without noise in the pool is refused, though seeds are prepared elsewhere", async () => {
    house = await emptied();
    expect(house.prepared("stream")).toBe(8);
    expect(refusalOf(await house.draw(32, { fresh: true })).unmet).toEqual(["fresh"]);
  });

  test("is refused when its record took so long that the noise is no longer fresh", async () => {
    house = await emptied();
    house.seeds.add(1);
    house.seedRecorder.mode = "hangs";
    const fresh = house.begin(32, { fresh: true });
    await house.clock.run(1001);
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(0);
    expect(refusalOf(fresh.result).unmet).toEqual(["fresh"]);
  });

  test("is not met by a seed that an alarm overtook", async () => {
    house = await emptied();
    house.seeds.add(1);
    house.seedRecorder.mode = "hangs";
    const fresh = house.begin(32, { fresh: true });
    await house.clock.run(10);
    house.rules.discarded("a");
    house.drbg.discardSource("a");
    house.seedRecorder.mode = "takes";
    house.seedRecorder.release(true);
    await house.clock.run(0);
    expect(refusalOf(fresh.result).unmet).toEqual(["fresh"]);
  });

  test("keeps its other requirements", async () => {
    house = await openHouse();
    house.regainQuorum("a", "b");
    house.feed(2);
    expect(refusalOf(await house.draw(32, { fresh: true, sources: 3 })).unmet).toEqual([
      "fresh",
      "sources",
    ]);
    house.feed(1, "b");
    bytesOf(await house.draw(32, { fresh: true, sources: 2 }));
  });

  test("beyond eight that wait is refused as busy", async () => {
    house = await openHouse();
    house.feed(20);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => house.draw(32, { fresh: true })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(8);
    for (const answer of answers.slice(8)) expect(refusalOf(answer).code).toBe("busy");
  });
});

test("before its first seed an instance is not ready", async () => {
  house = new House();
  house.drbg.start();
  await house.clock.run(100);
  expect(refusalOf(await house.draw(32)).code).toBe("not_ready");
  expect(refusalOf(await house.draw(32, { fresh: true })).code).toBe("not_ready");
  house.feed(1);
  bytesOf(await house.draw(32));
});
