import { expect, test } from "vitest";
import type { EntropyRoom } from "../../../src/entropy/entropyRoom.ts";
import type { GlimpseReader } from "../../../src/port/service.ts";
import { FakeSource, healthyHouse } from "./support.ts";

function looking() {
  const shown: { first: number; symbols: number[] }[] = [];
  const reader = {
    isReady: true,
    wants: () => reader.isReady,
    show: (first: number, symbols: Uint8Array) => shown.push({ first, symbols: [...symbols] }),
  };
  return { shown, reader };
}

function look(room: EntropyRoom, reader: GlimpseReader) {
  const glimpse = room.glimpse("a", "auditor", reader);
  if ("ok" in glimpse) throw new Error(glimpse.detail);
  return glimpse;
}

const diverted = (room: EntropyRoom) => room.snapshot()[0]!.divertedSamplesTotal;

test("shows 128 samples every 250 ms, which alone are diverted", async () => {
  const source = new FakeSource("a", 1);
  const { room, clock } = await healthyHouse([source]);
  const { shown, reader } = looking();
  look(room, reader);
  const sent: number[][] = [];
  for (let chunk = 0; chunk < 10; chunk++) {
    sent.push([...source.emit(2500)]);
    await clock.run(50);
  }
  // At 0 ms and 250 ms.
  expect(shown).toEqual([
    { first: 1024, symbols: sent[0]!.slice(0, 128) },
    { first: 1024 + 5 * 2500, symbols: sent[5]!.slice(0, 128) },
  ]);
  expect(diverted(room)).toBe(256);
  expect(room.snapshot()[0]).toMatchObject({ tapped: false, credited: true });
  expect(room.snapshot()[0]!.poolBlocks).toBeGreaterThan(10);
  await room.stop();
});

test("takes one sample in sixteen of a slow source at most", async () => {
  const source = new FakeSource("a", 1);
  const { room, clock } = await healthyHouse([source]);
  const { shown, reader } = looking();
  look(room, reader);
  for (let chunk = 0; chunk < 100; chunk++) {
    source.emit(32);
    await clock.run(100);
  }
  const taken = shown.reduce((sum, { symbols }) => sum + symbols.length, 0);
  expect(taken).toBe(diverted(room));
  expect(taken).toBeGreaterThan(150);
  expect(taken).toBeLessThanOrEqual(3200 / 16);
  await room.stop();
});

test("spends nothing for a reader that is not ready", async () => {
  const source = new FakeSource("a", 1);
  const { room } = await healthyHouse([source]);
  const { shown, reader } = looking();
  look(room, reader);
  reader.isReady = false;
  source.emit(3000);
  expect([shown.length, diverted(room)]).toEqual([0, 0]);
  reader.isReady = true;
  source.emit(3000);
  expect(diverted(room)).toBe(128);
  await room.stop();
});

test("is one at a time, outlives an unplug, and its beginning and end are told", async () => {
  const source = new FakeSource("a", 1);
  const { room, clock, events } = await healthyHouse([source]);
  const { shown, reader } = looking();
  const glimpse = look(room, reader);
  expect(room.glimpse("a", "other", reader)).toMatchObject({ code: "conflict" });
  expect(room.glimpse("b", "other", reader)).toMatchObject({ code: "not_found" });
  source.unplug();
  await clock.run(60_000);
  source.emit(3000);
  expect(shown).toHaveLength(1);
  glimpse.close();
  glimpse.close();
  source.emit(3000);
  expect(shown).toHaveLength(1);
  const told = events.filter(({ kind }) => kind.startsWith("tap_"));
  expect(told.map(({ kind, actor }) => [kind, actor])).toEqual([
    ["tap_opened", "auditor"],
    ["tap_closed", "auditor"],
  ]);
  look(room, reader).close();
  source.device = null;
  source.unplug();
  await clock.run(10);
  expect(room.glimpse("a", "x", reader)).toMatchObject({ code: "source_absent" });
  await room.stop();
});
