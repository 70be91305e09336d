import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { hmacComponent } from "../../../src/conditioning/hmac.ts";
import { Accumulator } from "../../../src/entropy/accumulator.ts";
import { EntropyRoom } from "../../../src/entropy/entropyRoom.ts";
import { Glimpse } from "../../../src/entropy/glimpse.ts";
import { Pool } from "../../../src/entropy/pool.ts";
import { Pump } from "../../../src/entropy/pump.ts";
import { TapChannel, type PumpTap } from "../../../src/entropy/tap.ts";
import { HealthMonitor } from "../../../src/health/monitor.ts";
import { BLOCK_SAMPLES, ENTROPY, FakeSource, HEALTH, house, options, recorded } from "./support.ts";

type Action =
  | { readonly do: "emit" | "stuck"; readonly source: number; readonly samples: number }
  | {
      readonly do: "gap" | "replug" | "tap" | "closeTaps" | "look" | "lookAway";
      readonly source: number;
    }
  | { readonly do: "wait"; readonly milliseconds: number }
  | {
      readonly do: "take";
      readonly minimumBits: number;
      readonly sources: number;
      readonly withoutBest: number;
      readonly age: number | null;
    };

interface ModelBlock {
  readonly source: number;
  readonly sequences: readonly number[];
  dead: boolean;
  used: boolean;
}

const SOURCES = 3;

/**
 * The whole room under arbitrary actions, beside a model that knows each sample by its sequence
 * number. The model runs a health monitor of its own, as verdicts are a function of the samples.
 * Returns what went against the rules of credit; empty when nothing did.
 */
async function violations(
  actions: readonly Action[],
  tally = { seeds: 0, shown: 0 },
): Promise<string[]> {
  const faults: string[] = [];
  const conditioned: Uint8Array[][] = Array.from({ length: SOURCES }, () => []);
  const outputs: string[][] = Array.from({ length: SOURCES }, () => []);
  const sources = Array.from({ length: SOURCES }, (_, n) => new FakeSource(`s${n}`, 77 + n));
  const {
    clock,
    room,
    faults: thrown,
  } = house(
    sources.map((source, n) =>
      options(source, {
        component: recorded(hmacComponent("HMAC-SHA-512"), (input, output) => {
          conditioned[n]!.push(input);
          outputs[n]!.push(Buffer.from(output).toString("hex"));
        }),
      }),
    ),
    { poolBlocksPerSource: 8 },
  );
  const model = sources.map(() => ({
    monitor: new HealthMonitor(HEALTH),
    stream: [] as number[],
    held: [] as number[],
    usable: 0,
    creditedOut: 0,
    exposed: new Set<number>(),
    taps: [] as TapChannel[],
    glimpse: null as { close(): void } | null,
    /** Of the chunk that is delivered: how many at its front were shown. */
    shown: 0,
  }));
  const blocks = new Map<string, ModelBlock>();

  const kill = (n: number) => {
    model[n]!.held = [];
    for (const block of blocks.values()) if (block.source === n) block.dead = true;
  };
  const push = (n: number, symbols: Uint8Array) => {
    const m = model[n]!;
    const first = m.stream.length;
    m.stream.push(...symbols);
    const verdict = m.monitor.push(symbols, 0);
    if (verdict.discardAccumulated) kill(n);
    const spent = m.taps.length > 0 ? symbols.length : m.shown;
    m.shown = 0;
    for (let i = 0; i < spent; i += 1) m.exposed.add(first + i);
    for (let i = Math.max(spent, verdict.usableFrom); i < symbols.length; i += 1) {
      m.held.push(first + i);
      m.usable += 1;
    }
    while (m.held.length >= BLOCK_SAMPLES) {
      const sequences = m.held.splice(0, BLOCK_SAMPLES);
      const input = conditioned[n]!.shift();
      const output = outputs[n]!.shift();
      if (!input || !output) {
        faults.push(`s${n}: a block is missing`);
        return;
      }
      if (sequences.some((sequence, i) => m.stream[sequence] !== input[i])) {
        faults.push(`s${n}: a block holds other samples than it should`);
      }
      if (blocks.has(output)) faults.push(`s${n}: two blocks of one value`);
      blocks.set(output, { source: n, sequences, dead: false, used: false });
    }
    if (conditioned[n]!.length > 0) {
      faults.push(`s${n}: a block too many`);
      conditioned[n]!.length = 0;
      outputs[n]!.length = 0;
    }
  };

  room.start();
  await clock.run(0);
  for (const [n, source] of sources.entries()) {
    model[n]!.monitor.present(0);
    push(n, source.emit(1700));
  }
  await clock.run(400);
  for (const action of actions) {
    if (action.do === "wait") {
      await clock.run(action.milliseconds);
    } else if (action.do === "take") {
      const { age, ...request } = action;
      const material = room.take({ ...request, maximumAgeMilliseconds: age });
      if (material.type !== "entropy") continue;
      tally.seeds += 1;
      const owners = new Map<string, number>();
      for (let at = 0; at < material.entropyInput.length; at += 64) {
        const bytes = Buffer.from(material.entropyInput.subarray(at, at + 64)).toString("hex");
        const block = blocks.get(bytes);
        if (!block) {
          faults.push("a seed holds bytes of no block");
          continue;
        }
        if (block.used) faults.push("a block is in two seeds");
        if (block.dead) faults.push("a block from before an alarm is in a seed");
        const m = model[block.source]!;
        if (block.sequences.some((sequence) => m.exposed.has(sequence))) {
          faults.push("a sample is both exposed and in a seed");
        }
        block.used = true;
        owners.set(`s${block.source}`, (owners.get(`s${block.source}`) ?? 0) + 1);
      }
      for (const { source, assessedBits } of material.credits) {
        const m = model[Number(source.slice(1))]!;
        m.creditedOut += assessedBits;
        if (assessedBits > (owners.get(source) ?? 0) * 512) faults.push("a block above 8 x bytes");
        if (m.creditedOut > m.usable * ENTROPY) faults.push("more credit out than in");
      }
      const total = material.credits.reduce((sum, { assessedBits }) => sum + assessedBits, 0);
      if (material.creditedBits > total) faults.push("more credited than the sources gave");
      const left = material.strengthWithoutBest[action.withoutBest] ?? 0;
      if (left < action.minimumBits) faults.push("the seed is weaker than asked for");
      if (material.credits.length < action.sources) faults.push("fewer sources than asked for");
    } else {
      const n = action.source;
      const source = sources[n]!;
      const m = model[n]!;
      if (action.do === "emit") push(n, source.emit(action.samples));
      else if (action.do === "stuck") push(n, source.stuck(action.samples));
      else if (action.do === "gap") {
        source.sink!.gap(3, "lost");
        m.monitor.gap();
        m.taps = [];
      } else if (action.do === "replug") {
        source.unplug();
        m.held = [];
        m.taps = [];
        m.monitor.absent(0);
        await clock.run(60_000);
        m.monitor.present(0);
      } else if (action.do === "tap") {
        const tap = room.tap(source.id, null, "auditor");
        if (tap instanceof TapChannel) m.taps.push(tap);
      } else if (action.do === "look") {
        const glimpse = room.glimpse(source.id, "auditor", {
          wants: () => true,
          show(first, symbols) {
            if (first !== m.stream.length) faults.push("samples are shown as others");
            tally.shown += symbols.length;
            m.shown = symbols.length;
          },
        });
        if (!("ok" in glimpse)) m.glimpse = glimpse;
      } else if (action.do === "lookAway") {
        m.glimpse?.close();
      } else {
        for (const tap of m.taps) tap.close();
        m.taps = [];
      }
      if (m.monitor.state === "failed") {
        m.monitor.reset(0);
        room.reset(source.id);
      }
    }
  }
  await room.stop().catch((error: unknown) => thrown.push(error));
  for (const account of room.accounts()) {
    const left = account.testedSamples - account.divertedSamples - account.discardedSamples;
    if (left !== account.conditionedSamples + account.heldSamples) faults.push("samples are lost");
    if (account.heldSamples !== 0 || account.blocksHeld !== 0) faults.push("something is kept");
    if (account.creditedSpentBits > account.conditionedSamples * ENTROPY) {
      faults.push("the ledger credits more than was claimed");
    }
  }
  for (const error of thrown) faults.push(`thrown: ${String(error)}`);
  return faults;
}

const source = fc.nat({ max: SOURCES - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("emit" as const),
      source,
      samples: fc.oneof(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 100, max: 600 }),
        fc.integer({ min: 1500, max: 4000 }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("stuck" as const),
      source,
      samples: fc.integer({ min: 1, max: 14 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom("gap", "tap", "closeTaps", "look", "lookAway"),
      source,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("replug" as const), source }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      milliseconds: fc.integer({ min: 1, max: 1500 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      minimumBits: fc.constantFrom(256, 384),
      sources: fc.integer({ min: 1, max: 3 }),
      withoutBest: fc.integer({ min: 0, max: 2 }),
      age: fc.constantFrom(null, null, 1000),
    }),
  },
);

afterEach(() => {
  vi.restoreAllMocks();
});

test("no order of samples, gaps, alarms, taps, glimpses, replugs and seeds breaks the rules of credit", async () => {
  const tally = { seeds: 0, shown: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { minLength: 20, maxLength: 60, size: "max" }),
      async (actions) => {
        expect(await violations(actions, tally)).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
  // Else the property would hold because nothing ever happens.
  expect(tally.seeds).toBeGreaterThan(100);
  expect(tally.shown).toBeGreaterThan(1000);
});

const TAKE: Action = { do: "take", minimumBits: 256, sources: 1, withoutBest: 0, age: null };
const emit = (samples: number): Action => ({ do: "emit", source: 0, samples });
const WAIT: Action = { do: "wait", milliseconds: 400 };

/** Exercises every rule once; free of violations as things stand. */
const TOUR: readonly Action[] = [
  emit(700),
  WAIT,
  TAKE,
  TAKE,
  { do: "tap", source: 0 },
  emit(500),
  { do: "closeTaps", source: 0 },
  emit(500),
  WAIT,
  TAKE,
  { do: "stuck", source: 0, samples: 12 },
  // Through the startup test, and not so many that the pool would lose its oldest by itself.
  emit(1900),
  WAIT,
  ...Array.from({ length: 12 }, () => TAKE),
];

test("the tour itself breaks no rule", async () => {
  expect(await violations(TOUR)).toEqual([]);
});

test("planted: a pool that keeps its blocks at an alarm is caught", async () => {
  vi.spyOn(Pool.prototype, "discard").mockReturnValue();
  expect(await violations(TOUR)).toContain("a block from before an alarm is in a seed");
});

test("planted: a tap beside conditioning instead of in its place is caught", async () => {
  const leaks: PumpTap[] = [];
  vi.spyOn(Pump.prototype, "addTap").mockImplementation((tap) => void leaks.push(tap));
  const faults = await violations(TOUR);
  expect(faults.join()).toMatch(/block too many|both exposed|other samples/);
});

test("planted: samples that are shown and conditioned all the same are caught", async () => {
  const { deliver } = Glimpse.prototype;
  vi.spyOn(Glimpse.prototype, "deliver").mockImplementation(function (this: Glimpse, ...given) {
    deliver.apply(this, given);
    return 0;
  });
  const faults = await violations([{ do: "look", source: 0 }, ...TOUR]);
  expect(faults.join()).toMatch(/block too many|both exposed|other samples/);
});

test("planted: a block that is counted twice is caught by the ledger", async () => {
  const add = Accumulator.prototype.add;
  vi.spyOn(Accumulator.prototype, "add").mockImplementation(function (this: Accumulator, ...given) {
    const blocks = add.apply(this, given);
    return [...blocks, ...blocks];
  });
  expect((await violations(TOUR)).join()).toContain("LedgerError");
});

test("planted: a remainder that is used again is caught", async () => {
  const add = Accumulator.prototype.add;
  vi.spyOn(Accumulator.prototype, "add").mockImplementation(function (this: Accumulator, ...given) {
    return [...add.apply(this, given), ...add.call(this, given[0].subarray(0, 5), given[1])];
  });
  expect(await violations(TOUR)).not.toEqual([]);
});

test("planted: a seed that is given twice is caught", async () => {
  const take = EntropyRoom.prototype.take;
  let last: ReturnType<typeof take> | null = null;
  vi.spyOn(EntropyRoom.prototype, "take").mockImplementation(function (this: EntropyRoom, request) {
    const material = last ?? take.call(this, request);
    if (material.type === "entropy") last = material;
    return material;
  });
  expect(await violations(TOUR)).toContain("a block is in two seeds");
});
