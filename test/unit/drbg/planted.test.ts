import { afterEach, expect, test, vi } from "vitest";
import { DrbgInstance } from "../../../src/drbg/instance.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { HmacDrbgBank } from "../../../src/drbg/hmacDrbgBank.ts";
import { LiveSeed } from "../../../src/drbg/liveSeed.ts";
import { Outputs } from "../../../src/drbg/outputs.ts";
import { SeedMaker } from "../../../src/drbg/seedMaker.ts";
import { SeedQueue } from "../../../src/drbg/seedQueue.ts";
import { Sleepers } from "../../../src/drbg/stream.ts";
import { WaitingDraw } from "../../../src/drbg/waitingDraw.ts";
import type { Door, Requirement } from "../../../src/port/lineage.ts";
import { play } from "./actions.ts";
import type { Action } from "./actions.ts";
import { ScriptedSeedRecorder } from "./scripted.ts";

/* The rules of the property tests against bugs planted into the room: each must be caught. */

const draw = (bytes: number, requirement: Requirement = {}, door: Door = "http"): Action => ({
  do: "draw",
  door,
  bytes,
  requirement,
  recorded: false,
});
const KEY: Action = { do: "draw", door: "keys", bytes: 32, requirement: {}, recorded: true };
const FEED: Action = { do: "feed", blocks: 12, source: "a" };
const wait = (milliseconds: number): Action => ({ do: "wait", milliseconds });

/** Exercises every rule once; free of faults as things stand. */
const TOUR: readonly Action[] = [
  FEED,
  FEED,
  wait(100),
  draw(10_000),
  draw(10_000),
  draw(65_536),
  FEED,
  wait(100),
  draw(32, { fresh: true }),
  draw(32, { fresh: true }),
  { do: "openStream" },
  { do: "pull", chunks: 12 },
  wait(2000),
  FEED,
  wait(100),
  // Prepared seeds and one under way, when the quorum goes.
  { do: "seedStore", mode: "hangs" },
  draw(16_384),
  wait(50),
  { do: "lose" },
  draw(16_384),
  draw(16_384),
  { do: "seedStore", mode: "takes" },
  { do: "release", taken: true },
  draw(16_384),
  { do: "regain" },
  FEED,
  wait(100),
  // A key's record and seeds under way, when everything must be reseeded.
  { do: "outputStore", mode: "hangs" },
  KEY,
  { do: "seedStore", mode: "hangs" },
  FEED,
  draw(65_536),
  draw(65_536),
  wait(100),
  { do: "reseed" },
  draw(32),
  { do: "seedStore", mode: "takes" },
  { do: "outputStore", mode: "takes" },
  { do: "release", taken: true },
  FEED,
  wait(100),
  draw(32),
  // An alarm, and what was prepared before it.
  { do: "discard", source: "a" },
  { do: "regain" },
  FEED,
  draw(65_536),
  wait(40_000),
  FEED,
  FEED,
  FEED,
  wait(100),
  draw(32),
  wait(10_000),
  FEED,
  draw(32, { maxSeedAgeSeconds: 5 }),
];

afterEach(() => {
  vi.restoreAllMocks();
});

test("the tour itself breaks no rule", async () => {
  for (const shape of ["RBG2(P)", "RBGC"] as const) {
    expect((await play(shape, TOUR)).faults).toEqual([]);
  }
});

test.each<readonly [string, RegExp, () => void]>([
  [
    "prepared seeds that are not held without the quorum",
    /used without the quorum/,
    () => vi.spyOn(SeedQueue.prototype, "held", "get").mockReturnValue(false),
  ],
  [
    "a seed that is never spent",
    /bytes of one seed/,
    () => vi.spyOn(LiveSeed.prototype, "bytesLeft").mockReturnValue(16_384),
  ],
  [
    "output that is not charged to its seed",
    /bytes of one seed/,
    () => vi.spyOn(LiveSeed.prototype, "charge").mockReturnValue(),
  ],
  [
    "a seed that outlives its age",
    /too old/,
    () => {
      vi.spyOn(LiveSeed.prototype, "spent").mockReturnValue(null);
    },
  ],
  [
    "an instance that goes on after a reseed was required",
    /after a reseed was required/,
    () => vi.spyOn(DrbgInstance.prototype, "requireReseed").mockReturnValue(),
  ],
  [
    "seeds under way that are not dropped",
    /it was to be dropped/,
    () => vi.spyOn(SeedMaker.prototype, "drop").mockReturnValue(),
  ],
  [
    "prepared seeds that are not dropped",
    /it was to be dropped|left in memory/,
    () => vi.spyOn(SeedQueue.prototype, "drop").mockReturnValue(),
  ],
  [
    "a key of the old state that is answered late",
    /answered after a reseed was required/,
    () => vi.spyOn(Outputs.prototype, "overtake").mockReturnValue(),
  ],
  [
    "a seed whose record was never durable",
    /before its record was durable/,
    () =>
      vi.spyOn(ScriptedSeedRecorder.prototype, "record").mockImplementation(function (
        this: ScriptedSeedRecorder,
        seed,
      ) {
        this.made.push(seed);
        return Promise.resolve();
      }),
  ],
  [
    "ids that repeat",
    /answered twice|not what their seeds give/,
    () => vi.spyOn(HmacDrbg.prototype, "reseedCounter", "get").mockReturnValue(1),
  ],
  [
    "fresh requests from the live seed",
    /two fresh answers|a fresh answer from noise/,
    () =>
      vi.spyOn(DrbgInstance.prototype, "drawFrom").mockImplementation(function (
        this: DrbgInstance,
        _seed,
        bytes,
      ) {
        return this.draw(bytes, {});
      }),
  ],
  [
    "a requirement that is forgotten",
    /s old, not 5/,
    () => {
      const given = DrbgInstance.prototype.draw;
      vi.spyOn(DrbgInstance.prototype, "draw").mockImplementation(function (
        this: DrbgInstance,
        bytes,
      ) {
        return given.call(this, bytes, {});
      });
    },
  ],
  [
    "a draw that is never answered",
    /draws hang/,
    () => vi.spyOn(WaitingDraw.prototype, "draw").mockReturnValue(new Promise(() => {})),
  ],
  [
    "a stream that never wakes",
    /a stream hangs/,
    () => vi.spyOn(Sleepers.prototype, "sleep").mockReturnValue(new Promise(() => {})),
  ],
])("planted: %s, is caught", async (_what, fault, plant) => {
  plant();
  expect((await play("RBG2(P)", TOUR)).faults.join("\n")).toMatch(fault);
});

/** Bulk twice, a reseed of the lanes between and after: the bank's seeds come with the first. */
const BULK: readonly Action[] = [
  draw(65_536),
  wait(100),
  draw(65_536),
  draw(40_001),
  wait(59_950),
  draw(65_536),
  wait(100),
  draw(65_536),
  { do: "reseed" },
  wait(100),
  draw(65_536),
];

test("the bank breaks no rule, and is what gives", async () => {
  const generate = vi.spyOn(HmacDrbgBank.prototype, "generate");
  expect((await play("RBGC", BULK)).faults).toEqual([]);
  expect(generate.mock.calls.length).toBeGreaterThanOrEqual(3);
});

test.each<readonly [string, RegExp, () => void]>([
  [
    "lanes that are not updated after a generate",
    /answered twice|not what their seeds give/,
    () => vi.spyOn(HmacDrbg.prototype, "concludeGenerate").mockReturnValue(),
  ],
  [
    "one lane's output twice",
    /not what their seeds give/,
    () => {
      const given = HmacDrbgBank.prototype.generate;
      vi.spyOn(HmacDrbgBank.prototype, "generate").mockImplementation(function (
        this: HmacDrbgBank,
        outs,
      ) {
        const result = given.call(this, outs);
        outs[1]!.set(outs[0]!);
        return result;
      });
    },
  ],
  [
    "counters that stand still",
    /not what their seeds give|answered twice/,
    () => {
      const given = DrbgInstance.prototype.charge;
      vi.spyOn(DrbgInstance.prototype, "charge").mockImplementation(function (
        this: DrbgInstance,
        bytes,
      ) {
        const piece = given.call(this, bytes);
        return { ...piece, counter: 1 };
      });
    },
  ],
  [
    "a lane whose seed is too old",
    /too old/,
    () => vi.spyOn(LiveSeed.prototype, "spent").mockReturnValue(null),
  ],
  [
    "a lane that goes on after a reseed was required",
    /after a reseed was required/,
    () => vi.spyOn(DrbgInstance.prototype, "requireReseed").mockReturnValue(),
  ],
])("planted into the bank: %s, is caught", async (_what, fault, plant) => {
  plant();
  expect((await play("RBGC", BULK)).faults.join("\n")).toMatch(fault);
});
