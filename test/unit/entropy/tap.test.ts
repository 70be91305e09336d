import { describe, expect, test } from "vitest";
import { TapChannel } from "../../../src/entropy/tap.ts";
import { DEVICE, FakeSource, healthyHouse, RESEED } from "./support.ts";

function channel(samples: number | null, bufferBytes = 100): TapChannel {
  const terms = { source: "s", bitsPerSample: 8, device: DEVICE, firstSequence: 0 };
  return new TapChannel({ ...terms, samples, bufferBytes, onClosed: () => {} });
}

async function drain(tap: TapChannel): Promise<{ bytes: number[]; error: unknown }> {
  const bytes: number[] = [];
  try {
    for await (const chunk of tap.chunks) bytes.push(...chunk);
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error };
  }
}

describe("a tap", () => {
  test("gives exactly the wanted samples, from copies", async () => {
    const tap = channel(5);
    const lent = Uint8Array.of(1, 2, 3);
    tap.deliver(lent);
    lent.fill(0);
    tap.deliver(Uint8Array.of(4, 5, 6));
    expect(tap.isOpen).toBe(false);
    expect(await drain(tap)).toEqual({ bytes: [1, 2, 3, 4, 5], error: null });
  });

  test("keeps a copy of a Buffer, whose own `slice` is none", async () => {
    const tap = channel(3);
    const lent = Buffer.of(1, 2, 3);
    tap.deliver(lent);
    lent.fill(0);
    expect(await drain(tap)).toEqual({ bytes: [1, 2, 3], error: null });
  });

  test("takes a full buffer, and stops at one byte more without skipping", async () => {
    const tap = channel(null);
    tap.deliver(new Uint8Array(100).fill(1));
    expect(tap.isOpen).toBe(true);
    tap.deliver(Uint8Array.of(2));
    tap.deliver(Uint8Array.of(3));
    const { bytes, error } = await drain(tap);
    expect(bytes).toEqual(Array.from({ length: 100 }, () => 1));
    expect(error).toMatchObject({ code: "conflict" });
  });

  test("wakes a reader that waits, and one whose tap is closed", async () => {
    const tap = channel(null);
    const reading = drain(tap);
    tap.deliver(Uint8Array.of(9));
    await Promise.resolve();
    await new Promise(setImmediate);
    tap.close();
    expect(await reading).toEqual({ bytes: [9], error: null });
  });
});

describe("taps on a source", () => {
  test("held open for ever on the only source: the pool stays empty and take() falls short", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const tap = room.tap("a", null, "auditor") as TapChannel;
    for (let n = 0; n < 50; n += 1) {
      source.emit(1000);
      await clock.run(200);
    }
    expect(room.snapshot()[0]).toMatchObject({ poolBlocks: 0, tapped: true, state: "healthy" });
    expect(room.take(RESEED)).toMatchObject({ type: "shortfall", unmet: ["strength"] });
    expect(room.snapshot()[0]?.divertedSamplesTotal).toBe(50_000);
    tap.close();
    source.emit(1000);
    await clock.run(400);
    expect(room.take(RESEED).type).toBe("entropy");
    await room.stop();
  });

  test("several get the same consecutive samples; a gap fails them after what they have", async () => {
    const source = new FakeSource("a", 1);
    const { room } = await healthyHouse([source]);
    const one = room.tap("a", null, "auditor") as TapChannel;
    const two = room.tap("a", 30, "auditor") as TapChannel;
    const sent = source.emit(50);
    source.sink!.gap(7, "overrun");
    source.emit(10);
    expect(one.firstSequence).toBe(1024);
    const first = await drain(one);
    expect(first.bytes).toEqual([...sent]);
    expect(first.error).toMatchObject({ code: "conflict" });
    expect(await drain(two)).toEqual({ bytes: [...sent.subarray(0, 30)], error: null });
    await room.stop();
  });

  test("end with an error at an unplug and at a stop", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const unplugged = room.tap("a", null, "auditor") as TapChannel;
    source.unplug();
    await clock.run(1000);
    expect((await drain(unplugged)).error).toMatchObject({ code: "conflict" });
    const stopped = room.tap("a", null, "auditor") as TapChannel;
    await room.stop();
    expect((await drain(stopped)).error).toMatchObject({ code: "conflict" });
  });

  test("are refused for a source that is absent or unknown, and for no samples", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    expect(room.tap("a", 0, "x")).toMatchObject({ code: "invalid_parameter" });
    expect(room.tap("b", 1, "x")).toMatchObject({ code: "not_found" });
    source.device = null;
    source.unplug();
    await clock.run(10);
    expect(room.tap("a", 1, "x")).toMatchObject({ code: "source_absent" });
    await room.stop();
  });
});
