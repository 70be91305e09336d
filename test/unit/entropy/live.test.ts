import { expect, test } from "vitest";
import type { LiveEstimation, LiveSnapshot, LiveTerms } from "../../../src/port/liveEstimate.ts";
import { ENTROPY, FakeSource, healthyHouse } from "./support.ts";

const SNAPSHOT: LiveSnapshot = {
  claimedEntropy: ENTROPY,
  atMilliseconds: 1,
  samples: 2,
  figures: [],
  low: true,
  windows: { estimated: 3, broken: 4, lost: 5 },
};

/** What the pump lets the live estimate see, in runs of consecutive samples. */
class Seen implements LiveEstimation {
  readonly terms: LiveTerms[] = [];
  runs: number[][] = [];
  discards = 0;
  breaks = 0;
  #isBroken = true;

  open(terms: LiveTerms): void {
    this.terms.push(terms);
  }

  conditioned(_source: string, symbols: Uint8Array): void {
    if (symbols.length === 0) return;
    if (this.#isBroken) this.runs.push([]);
    this.#isBroken = false;
    for (const symbol of symbols) this.runs.at(-1)!.push(symbol);
  }

  broken(): void {
    this.breaks++;
    this.#isBroken = true;
  }

  discarded(): void {
    this.discards++;
    this.#isBroken = true;
  }

  snapshot(source: string): LiveSnapshot | null {
    return source === "a" ? SNAPSHOT : null;
  }
}

async function seen() {
  const live = new Seen();
  const source = new FakeSource("a", 1);
  const built = await healthyHouse([source], { live });
  live.runs = [];
  return { ...built, live, source };
}

const joined = (...parts: Uint8Array[]): number[] => parts.flatMap((part) => [...part]);

test("it sees what is conditioned, whole and in order, over the ends of windows", async () => {
  const { live, source, clock } = await seen();
  expect(live.terms).toEqual([{ source: "a", bitsPerSample: 8, claimedEntropy: ENTROPY }]);
  const first = source.emit(500);
  await clock.run(400);
  const second = source.emit(3);
  expect(live.runs).toEqual([joined(first, second)]);
});

test("it sees nothing of the startup test", async () => {
  const live = new Seen();
  const source = new FakeSource("a", 1);
  await healthyHouse([source], { live });
  expect(live.runs).toEqual([]);
  expect(live.discards).toBe(0);
});

test("it sees nothing that leaves by a tap, and what comes then does not follow on", async () => {
  const { live, source, room } = await seen();
  const before = source.emit(200);
  const tap = room.tap("a", 100, "auditor");
  expect("ok" in tap).toBe(false);
  source.emit(60);
  // The rest of the chunk in which the tap ends is spent, too.
  source.emit(60);
  const after = source.emit(200);
  expect(live.runs).toEqual([[...before], [...after]]);
});

test("what comes after a gap does not follow on", async () => {
  const { live, source } = await seen();
  const before = source.emit(200);
  source.sink!.gap(7, "a torn frame");
  const after = source.emit(200);
  expect(live.runs).toEqual([[...before], [...after]]);
});

test("what comes after an unplug does not follow on", async () => {
  const { live, source, clock } = await seen();
  const before = source.emit(200);
  const { breaks } = live;
  source.unplug();
  await clock.run(0);
  // At once, so that its samples do not wait for the next device.
  expect(live.breaks).toBe(breaks + 1);
  await clock.run(1000);
  source.emit(1024);
  const after = source.emit(50);
  expect(live.runs).toEqual([[...before], [...after]]);
});

test("it sees nothing of an on-demand test, and what comes then does not follow on", async () => {
  const { live, source, room } = await seen();
  const before = source.emit(200);
  void room.test("a", "operator");
  // One by one, so that the last sample of the test is known.
  for (let sample = 0; sample < 4096 && room.snapshot()[0]!.state !== "healthy"; sample++)
    source.emit(1);
  const after = source.emit(50);
  expect(live.runs).toEqual([[...before], [...after]]);
});

test("at an alarm it is told to throw away, and sees nothing until the source is healthy", async () => {
  const { live, source } = await seen();
  source.emit(200);
  source.stuck(60);
  expect(live.discards).toBeGreaterThan(0);
  const { length } = live.runs;
  source.emit(100);
  expect(live.runs).toHaveLength(length);
});

test("its picture is the source's", async () => {
  const { room } = await seen();
  expect(room.snapshot()[0]!.live).toEqual(SNAPSHOT);
  const without = await healthyHouse([new FakeSource("a", 1)]);
  expect(without.room.snapshot()[0]!.live).toBeNull();
});
