import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hmacComponent } from "../../../src/conditioning/hmac.ts";
import type { EntropyRoom } from "../../../src/entropy/entropyRoom.ts";
import { Pump } from "../../../src/entropy/pump.ts";
import { SampleBudget } from "../../../src/entropy/sampleBudget.ts";
import type { PumpTap } from "../../../src/entropy/tap.ts";
import type { Refusal } from "../../../src/port/errors.ts";
import type { RestartTap } from "../../../src/port/service.ts";
import {
  DEVICE,
  FakeSource,
  HEALTH,
  healthyHouse,
  house,
  options,
  recorded,
  RESEED,
} from "./support.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

interface Drained {
  readonly bytes: number[];
  readonly error: unknown;
}

async function drain(tap: RestartTap): Promise<Drained> {
  const bytes: number[] = [];
  try {
    for await (const chunk of tap.chunks) bytes.push(...chunk);
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error };
  }
}

function begin(
  room: EntropyRoom,
  restarts: number,
  samplesPerRestart: number,
  source = "a",
): RestartTap {
  const tap = room.restarts(source, { restarts, samplesPerRestart }, "auditor");
  if ("ok" in tap) throw new Error(`${tap.code}: ${tap.detail}`);
  return tap;
}

function refusal(given: RestartTap | Refusal): string {
  if (!("ok" in given)) throw new Error("it was not refused");
  return given.code;
}

describe("a capture over restarts", () => {
  test("takes the first samples after each open, and diverts whatever else comes", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const sequence = room.snapshot()[0]!.samplesTotal;
    const tap = begin(room, 3, 10);
    expect(tap).toMatchObject({
      restart: "reopen",
      settleBytes: 0,
      bitsPerSample: 8,
      firstSequence: sequence,
    });
    const drained = drain(tap);
    const rows: number[] = [];
    for (let row = 0; row < 3; row++) {
      await clock.run(0);
      expect(source.sessions).toBe(2 + row);
      rows.push(...source.emit(4));
      // The rest of the row, and more, in one piece.
      rows.push(...source.emit(2000).subarray(0, 6));
    }
    expect(await drained).toEqual({ bytes: rows, error: null });
    expect(room.snapshot()[0]).toMatchObject({ tapped: false, conditionedSamplesTotal: 0 });
    expect(room.snapshot()[0]!.divertedSamplesTotal).toBe(3 * 2004);
    // The last session goes on as any other: its startup test passed on what was diverted.
    await clock.run(1000);
    expect(source.sessions).toBe(4);
    source.emit(1000);
    await clock.run(400);
    expect(room.take(RESEED).type).toBe("entropy");
    await room.stop();
  });

  test("samples of the session that it ends are in no row and in no block", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const { sink } = source;
    const tap = begin(room, 1, 5);
    // A device that is slow to close.
    sink!.samples(source.emit(2000));
    await clock.run(400);
    const drained = drain(tap);
    const row = source.emit(5);
    expect((await drained).bytes).toEqual([...row]);
    expect(room.snapshot()[0]).toMatchObject({ conditionedSamplesTotal: 0, poolBlocks: 0 });
    await room.stop();
  });

  test("is kept with who asked, and its restarts are not told as a device that comes and goes", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock, events } = await healthyHouse([source]);
    const before = events.length;
    const drained = drain(begin(room, 20, 5));
    for (let row = 0; row < 20; row++) {
      await clock.run(0);
      source.emit(5);
    }
    await drained;
    source.emit(1024);
    const told = events.slice(before).map(({ kind, data, actor }) => [kind, actor, data["state"]]);
    expect(told).toEqual([
      ["tap_opened", "auditor", undefined],
      ["source_state", null, "absent"],
      ["quorum_lost", null, undefined],
      ["tap_closed", "auditor", undefined],
      ["source_state", null, "healthy"],
      ["quorum_met", null, undefined],
    ]);
    const opened = events.find(({ kind }) => kind === "tap_opened");
    expect(opened!.data).toMatchObject({ restarts: 20, samplesPerRestart: 5, settleBytes: 0 });
    await room.stop();
  });

  test("a source that begins with a burst is opened again when its budget allows one", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = house([options(source, { budgetSamplesPerSecond: 4000 })]);
    room.start();
    await clock.run(2000);
    const drained = drain(begin(room, 5, 1000));
    let row = 0;
    for (; row < 5; row++) {
      while (source.sink === null) await clock.run(50);
      source.emit(3000);
    }
    expect((await drained).bytes).toHaveLength(5000);
    expect(room.snapshot()[0]).toMatchObject({ droppedSamplesTotal: 0, gapsTotal: 0 });
    await room.stop();
  });
});

test("a budget says when a whole burst fits in again", () => {
  const budget = new SampleBudget(1000);
  expect(budget.take(1500, 0)).toBe(1000);
  expect(budget.fullInMilliseconds(0)).toBe(1000);
  expect(budget.fullInMilliseconds(400)).toBe(600);
  expect(budget.fullInMilliseconds(5000)).toBe(0);
  expect(new SampleBudget(Infinity).fullInMilliseconds(0)).toBe(0);
});

describe("a capture that cannot be whole fails, and the source lives on", () => {
  async function under() {
    const source = new FakeSource("a", 1);
    const built = await healthyHouse([source]);
    const tap = begin(built.room, 10, 10);
    const drained = drain(tap);
    await built.clock.run(0);
    source.emit(10);
    await built.clock.run(0);
    return { source, ...built, tap, drained };
  }
  const FAILED = { error: { code: "conflict" } };

  test("at a gap in a row, and at none between rows", async () => {
    const { source, room, clock, drained } = await under();
    source.emit(9);
    source.sink!.gap(1, "overrun");
    expect(await drained).toMatchObject(FAILED);
    expect((await drained).bytes).toHaveLength(19);
    await clock.run(5000);
    expect(source.sessions).toBe(3);
    await room.stop();

    const other = new FakeSource("a", 2);
    const { room: second, clock: time } = await healthyHouse([other]);
    const whole = drain(begin(second, 1, 10));
    other.sink?.gap(1, "overrun");
    await time.run(0);
    other.emit(10);
    expect((await whole).error).toBeNull();
    await second.stop();
  });

  test("when the device goes away in a row, or is not there at the next", async () => {
    const first = await under();
    first.source.unplug();
    expect(await first.drained).toMatchObject(FAILED);
    await first.clock.run(1000);
    expect(first.source.sessions).toBe(4);
    first.source.emit(1024);
    expect(first.room.snapshot()[0]!.state).toBe("healthy");
    await first.room.stop();

    const second = await under();
    second.source.device = null;
    second.source.emit(10);
    await second.clock.run(0);
    expect(await second.drained).toMatchObject(FAILED);
    expect(second.room.snapshot()[0]).toMatchObject({ state: "absent", cause: "device_absent" });
    await second.room.stop();
  });

  test("when another device answers at the next open", async () => {
    const { source, room, clock, drained } = await under();
    source.device = { ...DEVICE, serialNumber: "another" };
    source.emit(10);
    await clock.run(0);
    source.emit(10);
    expect(await drained).toMatchObject(FAILED);
    expect((await drained).bytes).toHaveLength(20);
    await room.stop();
  });

  test("when the device opens and stays silent", async () => {
    const source = new FakeSource("a", 1);
    const health = { ...HEALTH, silenceMilliseconds: 5000 };
    const { room, clock } = house([options(source, { health })]);
    room.start();
    await clock.run(0);
    source.emit(1024);
    const drained = drain(begin(room, 10, 10));
    await clock.run(9000);
    expect(source.sessions).toBe(2);
    await clock.run(25_000);
    expect(await drained).toMatchObject(FAILED);
    await room.stop();
  });

  test("at a stop and at a resume, within a row and between rows", async () => {
    for (const rest of [0, 3])
      for (const end of [
        (room: EntropyRoom) => room.stop(),
        async (room: EntropyRoom) => room.restartAll("resumed"),
      ]) {
        const { source, room, drained } = await under();
        source.emit(rest === 0 ? 10 : rest);
        await end(room);
        expect(await drained).toMatchObject(FAILED);
        await room.stop();
      }
  });

  test("when its reader goes, there is no further restart", async () => {
    const { source, room, clock, tap } = await under();
    source.emit(5);
    tap.close();
    source.emit(2000);
    await clock.run(5000);
    expect(source.sessions).toBe(3);
    expect(room.snapshot()[0]).toMatchObject({ tapped: false, state: "healthy" });
    await room.stop();
  });
});

test("it is refused where it would disturb, or makes no sense", async () => {
  const source = new FakeSource("a", 1);
  const recording = new FakeSource("r", 2, "recording");
  const { room, clock } = await healthyHouse([source, recording]);
  const order = { restarts: 2, samplesPerRestart: 2 };
  expect(refusal(room.restarts("nobody", order, "x"))).toBe("not_found");
  expect(refusal(room.restarts("r", order, "x"))).toBe("conflict");
  for (const wrong of [0, 1.5, 1e9])
    expect(refusal(room.restarts("a", { ...order, restarts: wrong }, "x"))).toBe(
      "invalid_parameter",
    );
  const tap = room.tap("a", null, "x");
  expect(refusal(room.restarts("a", order, "x"))).toBe("conflict");
  if (!("ok" in tap)) tap.close();
  const testing = room.test("a", "x");
  expect(refusal(room.restarts("a", order, "x"))).toBe("conflict");
  source.emit(1024);
  await testing;
  const drained = drain(begin(room, 2, 2));
  for (const isOpen of [false, true]) {
    expect(source.sink !== null).toBe(isOpen);
    expect(refusal(room.restarts("a", order, "x"))).toBe("conflict");
    expect(room.tap("a", 1, "x")).toMatchObject({ code: "conflict" });
    expect(await room.test("a", "x")).toMatchObject({ code: "conflict" });
    await clock.run(0);
  }
  source.device = null;
  source.unplug();
  await drained;
  expect(refusal(room.restarts("a", order, "x"))).toBe("source_absent");
  await room.stop();
});

type Action =
  | { readonly do: "emit"; readonly samples: number }
  | { readonly do: "wait"; readonly milliseconds: number }
  | { readonly do: "gap" }
  | { readonly do: "replug" }
  | { readonly do: "tap" }
  | { readonly do: "close" }
  | { readonly do: "restarts"; readonly restarts: number; readonly samples: number };

/** So long a run of noise does not come twice by chance. */
const TELLING = 16;

function* runs(samples: ArrayLike<number>): Generator<string> {
  const bytes = Buffer.from(samples as Uint8Array);
  for (let at = 0; at + TELLING <= bytes.length; at++)
    yield bytes.subarray(at, at + TELLING).toString("latin1");
}

/** How many blocks were made, and how many of them hold samples that were captured over restarts. */
async function leaks(actions: readonly Action[]): Promise<{ blocks: number; leaked: number }> {
  const conditioned: Uint8Array[] = [];
  const source = new FakeSource("a", 5);
  const component = recorded(hmacComponent("HMAC-SHA-512"), (input) => conditioned.push(input));
  const { room, clock } = house([options(source, { component })]);
  room.start();
  await clock.run(0);
  source.emit(1024);
  const captures: Promise<Drained>[] = [];
  const open: { close(): void }[] = [];
  for (const action of actions) {
    if (action.do === "emit") source.emit(action.samples);
    else if (action.do === "wait") await clock.run(action.milliseconds);
    else if (action.do === "gap") source.sink?.gap(1, "lost");
    else if (action.do === "replug") source.unplug();
    else if (action.do === "close") for (const tap of open.splice(0)) tap.close();
    else if (action.do === "tap") {
      const tap = room.tap("a", 100, "x");
      if (!("ok" in tap)) open.push(tap);
    } else {
      const { restarts, samples } = action;
      const tap = room.restarts("a", { restarts, samplesPerRestart: samples }, "x");
      if ("ok" in tap) continue;
      open.push(tap);
      captures.push(drain(tap));
    }
    await clock.run(0);
  }
  await room.stop();
  const captured = new Set<string>();
  for (const { bytes } of await Promise.all(captures))
    for (const run of runs(bytes)) captured.add(run);
  const leaked = conditioned.filter((input) => [...runs(input)].some((run) => captured.has(run)));
  return { blocks: conditioned.length, leaked: leaked.length };
}

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("emit" as const),
      samples: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 500, max: 3000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      milliseconds: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Action>(
      { do: "gap" },
      { do: "replug" },
      { do: "tap" },
      { do: "close" },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("restarts" as const),
      restarts: fc.integer({ min: 1, max: 4 }),
      samples: fc.integer({ min: 20, max: 1500 }),
    }),
  },
);

test("no sample of a capture over restarts is ever conditioned", async () => {
  let blocks = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
      const found = await leaks(actions);
      blocks += found.blocks;
      expect(found.leaked).toBe(0);
    }),
    { numRuns: 30 },
  );
  // Else it would hold because nothing ever is.
  expect(blocks).toBeGreaterThan(50);
});

test("planted: rows that are also conditioned are caught", async () => {
  const taps: PumpTap[] = [];
  vi.spyOn(Pump.prototype, "addTap").mockImplementation((tap) => void taps.push(tap));
  const { samples } = Pump.prototype;
  vi.spyOn(Pump.prototype, "samples").mockImplementation(function (this: Pump, symbols) {
    for (const tap of taps) tap.deliver(symbols, 0);
    samples.call(this, symbols);
  });
  const emit = (count: number): Action => ({ do: "emit", samples: count });
  const tour: Action[] = [{ do: "restarts", restarts: 2, samples: 1500 }, emit(3000), emit(3000)];
  expect((await leaks(tour)).leaked).toBeGreaterThan(0);
});
