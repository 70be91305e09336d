import { afterEach, expect, test } from "vitest";
import type { Drawn } from "../../../src/port/draw.ts";
import { openHouse, type House } from "./house.ts";

/* What the bank gives at once, and what it leaves to the door's own instance. */

let house: House;

afterEach(() => {
  expect(house.rules.faults).toEqual([]);
  house.drbg.stop();
  expect(house.clock.pending).toBe(0);
});

const instanceOf = (output: string): string =>
  house.seedRecorder.durable.get(output.slice(0, output.lastIndexOf(".")))!.instance;

/** The third chunk of a stream: the bank takes seeds only once it is asked for. */
async function thirdChunk(): Promise<Drawn> {
  const request = {
    door: "stream",
    principal: "p",
    purpose: "stream",
    requirement: {},
    bytes: null,
  } as const;
  const stream = house.drbg.stream(request, new AbortController().signal);
  let chunk: Drawn | null = null;
  for (let chunks = 0; chunks < 3; chunks++) {
    const next = stream.next();
    await house.clock.run(100);
    const { value, done } = await next;
    if (done === true) throw new Error("the stream ended");
    chunk = value;
    house.rules.answered({ ...request, bytes: value.bytes.length }, value);
  }
  const ended = stream.return(undefined);
  await house.clock.run(0);
  await ended;
  return chunk!;
}

test.each([
  ["128 KiB", {}, 131_072],
  ["what its lanes give of one seed each", { bytes: 16_384 }, 65_536],
  ["and less where that is less", { bytes: 3000 }, 12_000],
])("a stream has %s at a time, a quarter of each lane", async (_what, limits, bytes) => {
  house = await openHouse({ shape: "RBGC", limits });
  const { bytes: given, outputs } = await thirdChunk();
  expect(given).toHaveLength(bytes);
  expect(outputs.map(instanceOf)).toEqual(["bulk.1", "bulk.2", "bulk.3", "bulk.4"]);
});

test("more than its seeds could ever give takes none of them", async () => {
  house = await openHouse({ shape: "RBGC", limits: { bytes: 10_000 } });
  for (let i = 0; i < 5; i++) {
    const draw = house.begin(65_536);
    await house.clock.run(100);
    expect(draw.result?.ok).toBe(true);
  }
  const reseeds = house.events.filter(({ data }) => String(data.instance).startsWith("bulk."));
  // Each lane is seeded once, for what it could give.
  expect(reseeds).toHaveLength(4);
});
